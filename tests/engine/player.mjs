// Plays exported machines with XState: all sequences of all machines in one process.
// In: [{config, sequences: [[{type, guards}]]}]. Out, for each sequence: what its start and each
// event did, as [leaf state, actions, outcome in the transition's meta, status].
import { text } from "node:stream/consumers";
import { initialTransition, transition } from "xstate";
import { machineOf } from "./machine.mjs";

function leaf(value) {
  return typeof value === "string" ? value : leaf(Object.values(value)[0]);
}

function step([snapshot, actions], taken) {
  const outcomes = taken.map(({ meta }) => meta?.outcome ?? "transition");
  return [leaf(snapshot.value), actions.map(({ type }) => type), outcomes, snapshot.status];
}

function play(machine, events) {
  let next = initialTransition(machine);
  const steps = [step(next, [])];
  for (const event of events) {
    const [snapshot] = next;
    const taken = snapshot.status === "active" ? machine.getTransitionData(snapshot, event) : [];
    next = transition(machine, snapshot, event);
    steps.push(step(next, taken));
  }
  return steps;
}

const jobs = JSON.parse(await text(process.stdin));
const played = jobs.map(({ config, sequences }) => {
  const machine = machineOf(config);
  return sequences.map((events) => play(machine, events));
});
process.stdout.write(JSON.stringify(played));
