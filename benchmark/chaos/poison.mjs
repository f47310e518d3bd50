// Preloaded into the processes of a sweep: whoever is given the poisoned trial crashes, each time.

const emit = process.emit;
process.emit = function poisoned(event, message, ...rest) {
  if (event === "message" && message.run?.config.latentDim === 3) process.kill(process.pid, "SIGSEGV");
  return emit.call(this, event, message, ...rest);
};
