// XState's pure `transition`, on the machine and the questions that come in on the first line.
// Afterwards each line is a number of times to answer all questions; the answer to it is the
// microseconds for one: of CPU time, or of elapsed time where that is less, since V8 has threads of
// its own beside this one. Guards and effects are not carried over from Python: a guard gives the
// answer that it gave there, and an effect returns what it returned there, copied.
import { createInterface } from "node:readline";
import { assign, createMachine, transition } from "xstate";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { initial, transitions, questions } = JSON.parse((await lines.next()).value);

const guards = {};
const effects = [
  assign(({ event }) => event.changes),
  { type: "commands", params: ({ event }) => event.commands.map((command) => ({ ...command })) },
];
const states = {};
for (const { source, event, target, guard, acts } of transitions) {
  const made = { actions: acts ? effects : [] };
  if (target) made.target = target;
  if (guard) {
    guards[guard] = new Function("{ event: { answers } }", `return ${guard}`);
    made.guard = guard;
  }
  states[source] ??= { on: {} };
  (states[source].on[event] ??= []).push(made);
}
const machine = createMachine({ id: "account", initial, states }, { guards });
const asked = questions.map(({ state, facts, event }) => [
  machine.resolveState({ value: state, context: facts }),
  event,
]);

function answerAll(answers) {
  for (const [snapshot, event] of asked) {
    const [next, actions] = transition(machine, snapshot, event);
    answers.push([next.value, next.context, actions[0]?.params ?? []]);
  }
  return answers;
}

console.log(JSON.stringify(answerAll([])));
for await (const line of lines) {
  const times = Number(line);
  const since = performance.now();
  const began = process.cpuUsage();
  for (let time = 0; time < times; time++) answerAll([]);
  const { user, system } = process.cpuUsage(began);
  const elapsed = (performance.now() - since) * 1000;
  console.log(Math.min(user + system, elapsed) / times / asked.length);
}
