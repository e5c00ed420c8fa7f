import type { ComponentChildren } from 'preact';
import { actionsIn, actionWord, actOn } from '../api/changes.ts';
import { get, may } from '../api/client.ts';
import { useLoad } from '../api/load.ts';
import type { Framed } from '../api/sending.ts';
import type { Sale } from '../api/shapes.ts';
import { Heading, StateBadge, Trouble, Waiting } from '../parts/pieces.tsx';
import { when } from '../parts/words.ts';
import { Link } from '../route.tsx';

type FrameProps = { id: string; children(framed: Framed): ComponentChildren };

/** What all screens of a sale have: its name and state, what may be done with it, its parts. */
export function SaleFrame({ id, children }: FrameProps) {
  const { data, trouble, reload } = useLoad(() => get<Sale>(`/v1/sales/${id}`), id);
  if (trouble && !data) return <Trouble text={trouble} retry={reload} />;
  if (!data) return <Waiting />;
  const framed: Framed = { sale: data.data, etag: data.etag, reload };
  const { sale } = framed;
  return (
    <>
      <Heading aside={may('operator') && <Actions {...framed} />}>{sale.name}</Heading>
      <p class="sale-line">
        <StateBadge state={sale.state} />
        <span class="muted">
          {when(sale.startsAt)}
          {sale.endsAt && ` to ${when(sale.endsAt)}`} ·{' '}
          {sale.mode === 'fifo' ? 'first come, first served' : 'lottery'}
        </span>
      </p>
      <nav class="tabs" aria-label="This sale">
        <Link to={`/sales/${id}`}>Control room</Link>
        <Link to={`/sales/${id}/settings`}>Settings</Link>
        <Link to={`/sales/${id}/look`}>Look</Link>
        <Link to={`/sales/${id}/orders`}>Orders</Link>
        {may('operator') && <Link to={`/sales/${id}/places`}>Passes and places</Link>}
        <Link to={`/sales/${id}/summary`}>Summary</Link>
      </nav>
      {children(framed)}
    </>
  );
}

function Actions(framed: Framed) {
  return (
    <>
      {actionsIn(framed.sale.state).map((action) => (
        <button
          key={action}
          type="button"
          class={action === 'close' ? 'button-bad' : action === 'pause' ? 'button-warn' : ''}
          onClick={() => void actOn(framed, action)}
        >
          {actionWord(action)}
        </button>
      ))}
    </>
  );
}
