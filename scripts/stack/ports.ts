import { isPortFree } from '../free-port.ts';
import { SetupError } from '../setup-error.ts';

/** Every port of a stack is an offset from its base. */
const offsets = {
  edge: 0,
  balancer: 1,
  'queue-service': 2,
  mailbox: 3,
  'checkout-1': 4,
  'checkout-2': 5,
  sandbox: 6,
  smtp: 7,
  redis: 8,
  postgres: 9,
} as const;

export type PortName = keyof typeof offsets;
export type PortPlan = Record<PortName, number>;

/** The ports from the base on which the plan may draw, base included. */
export const portSpan = 20;
export const defaultPortBase = 8787;

export function planPorts(base: number): PortPlan {
  const entries = Object.entries(offsets).map(([name, offset]) => [name, base + offset]);
  return Object.fromEntries(entries) as PortPlan;
}

/** Throws a SetupError that names each port of the plan that something listens on. */
export async function checkPorts(plan: PortPlan, names: PortName[]): Promise<void> {
  const taken: string[] = [];
  for (const name of names) {
    if (!(await isPortFree(plan[name]))) taken.push(`${plan[name]} (for ${name})`);
  }
  if (taken.length === 0) return;
  const which = taken.length === 1 ? `Port ${taken[0]} is` : `Ports ${taken.join(', ')} are`;
  throw new SetupError(
    `${which} in use. Stop what listens there, or shift every port of the stack with ` +
      '--port-base N or FAIRGATE_PORT_BASE=N.',
  );
}
