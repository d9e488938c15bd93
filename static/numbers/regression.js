/** The regression's own arithmetic, y = softmax(xW + b): what the server does, for what the page explains. */

import { SIDE } from "./rasterizer.js";

/**
 * W and b.
 * @typedef {object} Weights
 * @property {Float32Array[]} columns W's ten columns: 784 weights a digit, row-major
 * @property {Float32Array} bias (10)
 */

export const DIGITS = 10;
export const PIXELS = SIDE * SIDE;

/** The ten digits, to go through. */
export const ALL_DIGITS = Array.from({ length: DIGITS }, (_, digit) => digit);

/**
 * A model that has learned nothing yet.
 * @returns {Weights}
 */
export function zeroWeights() {
  return {
    columns: ALL_DIGITS.map(() => new Float32Array(PIXELS)),
    bias: new Float32Array(DIGITS),
  };
}

/**
 * @param {ArrayLike<number>} pixels 784, 0 to 1
 * @param {ArrayLike<number>} weights 784 of one digit
 * @returns {Float64Array} each pixel times its weight
 */
export function contributions(pixels, weights) {
  return Float64Array.from(weights, (weight, pixel) => pixels[pixel] * weight);
}

/**
 * @param {ArrayLike<number>} pixels 784, 0 to 1
 * @param {Weights} model
 * @returns {number[]} ten logits
 */
export function evidence(pixels, { columns, bias }) {
  return columns.map((weights, digit) => {
    let sum = bias[digit];
    for (let pixel = 0; pixel < PIXELS; pixel++) sum += pixels[pixel] * weights[pixel];
    return sum;
  });
}

/**
 * @param {readonly number[]} evidence
 * @param {number} [temperature] what the evidence is divided by first
 * @returns {{shifted: number[], exponentials: number[], total: number, probabilities: number[]}}
 *   the evidence minus its maximum, exp of that, their sum, and the probabilities
 */
export function softmaxSteps(evidence, temperature = 1) {
  const largest = Math.max(...evidence);
  const shifted = evidence.map((amount) => (amount - largest) / temperature);
  const exponentials = shifted.map(Math.exp);
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  return { shifted, exponentials, total, probabilities: exponentials.map((e) => e / total) };
}

/**
 * What an answer costs in training, in nats: −ln of the probability that it gave to the truth. It
 * is taken from the evidence, since a probability may be too small to be told from 0.
 * @param {readonly number[]} evidence
 * @param {number} label
 * @param {number} [temperature]
 */
export function crossEntropy(evidence, label, temperature = 1) {
  const { shifted, total } = softmaxSteps(evidence, temperature);
  return Math.log(total) - shifted[label];
}

/**
 * One step of gradient descent on the mean cross-entropy of some images: the gradient with respect
 * to a digit's evidence is its probability less 1 for the label, and each weight's is that times
 * its pixel.
 * @param {Weights} model
 * @param {readonly {pixels: ArrayLike<number>, label: number}[]} examples
 * @param {number} learningRate
 * @returns {Weights}
 */
export function descend(model, examples, learningRate) {
  const columns = model.columns.map((weights) => Float32Array.from(weights));
  const bias = Float32Array.from(model.bias);
  for (const { pixels, label } of examples) {
    const { probabilities } = softmaxSteps(evidence(pixels, model));
    probabilities.forEach((probability, digit) => {
      const step = (learningRate * (probability - Number(digit === label))) / examples.length;
      bias[digit] -= step;
      const weights = columns[digit];
      for (let pixel = 0; pixel < PIXELS; pixel++) weights[pixel] -= step * pixels[pixel];
    });
  }
  return { columns, bias };
}

/**
 * @param {readonly number[]} values ten
 * @param {number} digit
 * @returns {number} which other digit has the largest value
 */
export function runnerUp(values, digit) {
  return largest(values.map((value, other) => (other === digit ? -Infinity : value)));
}

/**
 * @param {readonly number[]} values
 * @returns {number} the place of the largest
 */
export function largest(values) {
  return values.indexOf(Math.max(...values));
}
