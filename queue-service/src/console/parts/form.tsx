import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { ApiProblem, type Mistake } from '../api/client.ts';
import { complain } from './toasts.tsx';

type FieldProps = {
  label: string;
  hint?: ComponentChildren;
  /** What the API said of it. */
  mistake?: string | undefined;
  children(aria: { id: string; 'aria-describedby': string; 'aria-invalid': boolean }): unknown;
};

/** A labelled control; what is wrong with it stands beside it. */
export function Field({ label, hint, mistake, children }: FieldProps) {
  const id = useId();
  const aria = { id, 'aria-describedby': `${id}-hint`, 'aria-invalid': mistake !== undefined };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(aria) as ComponentChildren}
      <div class="hint" id={`${id}-hint`}>
        {mistake === undefined ? hint : <strong class="bad">{mistake}</strong>}
      </div>
    </div>
  );
}

type InputProps = Omit<FieldProps, 'children'> & {
  value: string | number;
  onInput(value: string): void;
  type?: string;
  name?: string;
  min?: number;
  max?: number;
  step?: string;
  required?: boolean;
  disabled?: boolean;
  placeholder?: string;
  autocomplete?: string;
  rows?: number;
};

export function TextField({ label, hint, mistake, onInput, rows, type, ...input }: InputProps) {
  const given = { ...(hint === undefined ? {} : { hint }), mistake };
  return (
    <Field label={label} {...given}>
      {(aria) =>
        rows === undefined ? (
          <input
            {...aria}
            {...input}
            type={type as 'text'}
            onInput={(event) => onInput(event.currentTarget.value)}
          />
        ) : (
          <textarea
            {...aria}
            rows={rows}
            name={input.name}
            value={input.value}
            disabled={input.disabled}
            onInput={(event) => onInput(event.currentTarget.value)}
          />
        )
      }
    </Field>
  );
}

type SelectProps = Omit<FieldProps, 'children'> & {
  value: string;
  options: readonly (readonly [value: string, words: string])[];
  onInput(value: string): void;
  name?: string;
  disabled?: boolean;
};

export function SelectField({ label, hint, mistake, options, onInput, ...rest }: SelectProps) {
  const given = { ...(hint === undefined ? {} : { hint }), mistake };
  return (
    <Field label={label} {...given}>
      {(aria) => (
        <select {...aria} {...rest} onChange={(event) => onInput(event.currentTarget.value)}>
          {options.map(([value, words]) => (
            <option key={value} value={value} selected={value === rest.value}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export type Sending = {
  isBusy: boolean;
  /** By the path that the API names. */
  mistakes: Record<string, string>;
  /** Does it; what is wrong is shown at its field, or said. Answers whether it was done. */
  run(work: () => Promise<void>): Promise<boolean>;
};

/** A form on its way to the API. */
export function useSending(): Sending {
  const [isBusy, setBusy] = useState(false);
  const [mistakes, setMistakes] = useState<Record<string, string>>({});
  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    setMistakes({});
    try {
      await work();
      return true;
    } catch (error) {
      if (error instanceof ApiProblem) setMistakes(byPath(error.mistakes));
      complain(error);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, mistakes, run };
}

function byPath(mistakes: readonly Mistake[]): Record<string, string> {
  return Object.fromEntries(mistakes.map(({ path, message }) => [path, message]));
}
