/** Makes the optional package pcsclite look as on a computer where it could not be compiled. */
const Module = require('node:module');

const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  if (request !== 'pcsclite') return resolve.call(this, request, ...rest);
  throw Object.assign(new Error("Cannot find module 'pcsclite'"), { code: 'MODULE_NOT_FOUND' });
};
