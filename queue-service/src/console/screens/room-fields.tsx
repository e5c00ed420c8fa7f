import type { RoomSettings } from '../api/shapes.ts';
import { SelectField, TextField } from '../parts/form.tsx';

type FieldsProps = {
  room: RoomSettings;
  onChange(room: RoomSettings): void;
  isFixed: boolean;
  mistakes: Record<string, string>;
};

type Numbers =
  | 'admitPerMinute'
  | 'maxActive'
  | 'tokenSeconds'
  | 'paySeconds'
  | 'abandonSeconds'
  | 'lobbySeconds'
  | 'maxUnitsPerShopper';

const numbers: readonly (readonly [Numbers, string, string, number, number])[] = [
  ['admitPerMinute', 'People let in a minute', 'The rate of the line.', 0, 600_000],
  [
    'maxActive',
    'Active at most',
    'Let in and not done: tokens unspent, orders unpaid.',
    1,
    1_000_000,
  ],
  ['maxUnitsPerShopper', 'Units for each shopper', '', 1, 100],
  ['tokenSeconds', 'Seconds to begin an order', 'From being let in.', 5, 3_600],
  ['paySeconds', 'Seconds to pay', 'From the order on; its units are kept so long.', 10, 86_400],
  ['abandonSeconds', 'Seconds until a silent place counts no more', '', 5, 86_400],
  ['lobbySeconds', 'Seconds that the lobby is open before the start', '', 0, 604_800],
];

/** All that a waiting room has to be set, with what each means. */
export function RoomFields({ room, onChange, isFixed, mistakes }: FieldsProps) {
  const of = (name: string) => mistakes[`room.${name}`] ?? mistakes[name];
  const set = (patch: Partial<RoomSettings>) => onChange({ ...room, ...patch });
  return (
    <fieldset class="grid" disabled={isFixed}>
      <legend class="hidden-words">Waiting room</legend>
      {numbers.map(([name, label, hint, min, max]) => (
        <TextField
          key={name}
          label={label}
          name={name}
          type="number"
          min={min}
          max={max}
          value={room[name]}
          hint={hint}
          mistake={of(name)}
          onInput={(text) => set({ [name]: Number(text) })}
        />
      ))}
      <SelectField
        label="Challenge against bots"
        name="challenge"
        value={room.challenge}
        options={[
          ['none', 'None'],
          ['altcha', 'Proof of work, unseen by people'],
          ['turnstile', 'Turnstile'],
        ]}
        mistake={of('challenge')}
        onInput={(value) => set({ challenge: value as RoomSettings['challenge'] })}
      />
      <SelectField
        label="Tokens are bound to the browser"
        name="bindTokens"
        value={room.bindTokens}
        options={[
          ['off', 'No'],
          ['optional', 'Where it can'],
          ['required', 'Always: no JavaScript, no place'],
        ]}
        mistake={of('bindTokens')}
        onInput={(value) => set({ bindTokens: value as RoomSettings['bindTokens'] })}
      />
      <SelectField
        label="Whoever is let in can buy"
        name="guaranteeStock"
        value={room.guaranteeStock ? 'yes' : 'no'}
        options={[
          ['yes', 'Yes: no more are let in than there are units'],
          ['no', 'No'],
        ]}
        mistake={of('guaranteeStock')}
        onInput={(value) => set({ guaranteeStock: value === 'yes' })}
      />
      <TextField
        label="Message to everybody in line"
        name="message"
        rows={2}
        value={room.message}
        mistake={of('message')}
        onInput={(message) => set({ message })}
      />
    </fieldset>
  );
}
