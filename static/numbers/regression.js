/** The arithmetic of softmax regression, y = softmax(xW + b), for everything that the page explains. */

import { SIDE } from "./rasterizer.js";

/**
 * W and b.
 * @typedef {object} Weights
 * @property {Float32Array[]} columns W's ten columns: 784 weights a digit, row-major
 * @property {Float32Array} bias (10)
 */

export const DIGITS = 10;
export const PIXELS = SIDE * SIDE;

/** The digits 0 to 9. */
export const ALL_DIGITS = Array.from({ length: DIGITS }, (_, digit) => digit);

/**
 * An untrained model.
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
 * @param {ArrayLike<number>} pixels 784
 * @returns {ArrayLike<number>[]} the inputs of ten digits that do not transform them
 */
export function toInputs(pixels) {
  return ALL_DIGITS.map(() => pixels);
}

/**
 * @param {readonly ArrayLike<number>[]} inputs what each digit's weights are multiplied by: 784
 *   pixels, 0 to 1
 * @param {Weights} model
 * @returns {number[]} ten logits
 */
export function evidence(inputs, { columns, bias }) {
  return columns.map((weights, digit) => {
    const pixels = inputs[digit];
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
 * The loss of an answer, in nats: −ln of the probability that it gave to the label. It is computed
 * from the evidence, since a very small probability would be rounded to 0.
 * @param {readonly number[]} evidence
 * @param {number} label
 * @param {number} [temperature]
 */
export function crossEntropy(evidence, label, temperature = 1) {
  const { shifted, total } = softmaxSteps(evidence, temperature);
  return Math.log(total) - shifted[label];
}

/**
 * One step of gradient descent on the mean cross-entropy. The gradient with respect to a digit's
 * evidence is its probability, minus 1 for the label; with respect to a weight, that times the pixel.
 * @param {Weights} model
 * @param {readonly {pixels: ArrayLike<number>, label: number}[]} examples
 * @param {number} learningRate
 * @returns {Weights}
 */
export function descend(model, examples, learningRate) {
  const columns = model.columns.map((weights) => Float32Array.from(weights));
  const bias = Float32Array.from(model.bias);
  for (const { pixels, label } of examples) {
    const { probabilities } = softmaxSteps(evidence(toInputs(pixels), model));
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
 * @returns {number} the other digit with the largest value
 */
export function runnerUp(values, digit) {
  return largest(values.map((value, other) => (other === digit ? -Infinity : value)));
}

/**
 * @param {readonly number[]} values
 * @returns {number} the index of the largest value
 */
export function largest(values) {
  return values.indexOf(Math.max(...values));
}
