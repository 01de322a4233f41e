/** Makes the optional package pkcs11js look as on a computer where it could not be compiled. */
const Module = require('node:module');

const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  if (request !== 'pkcs11js') return resolve.call(this, request, ...rest);
  throw Object.assign(new Error("Cannot find module 'pkcs11js'"), { code: 'MODULE_NOT_FOUND' });
};
