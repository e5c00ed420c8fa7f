import { useState } from 'preact/hooks';
import { changeRoom } from '../api/changes.ts';
import type { Framed } from '../api/sending.ts';
import { TextField } from '../parts/form.tsx';
import { Card } from '../parts/pieces.tsx';

/** What is changed while a sale runs; each change is said, with an undo. */
export function Controls(framed: Framed) {
  const { room } = framed.sale;
  // Whatever is set anew, by whomever, is what the fields begin with again.
  return (
    <Card title="Controls">
      <Rate key={`r${room.admitPerMinute}`} {...framed} />
      <Active key={`a${room.maxActive}`} {...framed} />
      <Message key={`m${room.message}`} {...framed} />
    </Card>
  );
}

const isWhole = (text: string) => /^\d{1,7}$/.test(text.trim());

function Rate(framed: Framed) {
  const { admitPerMinute } = framed.sale.room;
  const [text, setText] = useState(String(admitPerMinute));
  const set = (rate: number) => void changeRoom(framed, { admitPerMinute: rate });
  return (
    <form
      class="control"
      onSubmit={(event) => {
        event.preventDefault();
        if (isWhole(text)) set(Number(text));
      }}
    >
      <TextField
        label="People let in a minute"
        name="admitPerMinute"
        type="number"
        min={0}
        max={600_000}
        value={text}
        onInput={setText}
      />
      <button type="submit" disabled={!isWhole(text) || Number(text) === admitPerMinute}>
        Set
      </button>
      <button
        type="button"
        class="button-quiet"
        onClick={() => set(Math.round(admitPerMinute / 2))}
      >
        Half
      </button>
      <button
        type="button"
        class="button-quiet"
        onClick={() => set(Math.min(600_000, admitPerMinute * 2))}
      >
        Double
      </button>
    </form>
  );
}

function Active(framed: Framed) {
  const { maxActive } = framed.sale.room;
  const [text, setText] = useState(String(maxActive));
  const isGood = isWhole(text) && Number(text) > 0;
  return (
    <form
      class="control"
      onSubmit={(event) => {
        event.preventDefault();
        if (isGood) void changeRoom(framed, { maxActive: Number(text) });
      }}
    >
      <TextField
        label="Active at most"
        name="maxActive"
        type="number"
        min={1}
        max={1_000_000}
        value={text}
        onInput={setText}
      />
      <button type="submit" disabled={!isGood || Number(text) === maxActive}>
        Set
      </button>
    </form>
  );
}

function Message(framed: Framed) {
  const { message } = framed.sale.room;
  const [text, setText] = useState(message);
  return (
    <form
      class="control"
      onSubmit={(event) => {
        event.preventDefault();
        void changeRoom(framed, { message: text });
      }}
    >
      <TextField
        label="Message to everybody in line"
        name="message"
        rows={2}
        value={text}
        onInput={setText}
      />
      <button type="submit" disabled={text === message}>
        Send
      </button>
      {message !== '' && (
        <button
          type="button"
          class="button-quiet"
          onClick={() => void changeRoom(framed, { message: '' })}
        >
          Remove
        </button>
      )}
    </form>
  );
}
