import { getAll, may } from '../api/client.ts';
import { useLoad } from '../api/load.ts';
import type { Sale } from '../api/shapes.ts';
import { Heading, StateBadge, Table, Trouble, Waiting } from '../parts/pieces.tsx';
import { when } from '../parts/words.ts';
import { Link } from '../route.tsx';

/** All sales, newest first. */
export function Sales() {
  const { data, trouble, reload } = useLoad(() => getAll<Sale>('/v1/sales?limit=100'), 'sales');
  const add = may('operator') && (
    <Link to="/new" class="button">
      New sale
    </Link>
  );
  return (
    <>
      <Heading aside={add}>Sales</Heading>
      {trouble && <Trouble text={trouble} retry={reload} />}
      {!data && !trouble && <Waiting />}
      {data && (
        <Table
          caption="Sales"
          rows={data}
          keyOf={({ id }) => id}
          empty="There is no sale yet. Make one: the wizard takes a minute."
          columns={[
            { head: 'Sale', cell: ({ id, name }) => <Link to={`/sales/${id}`}>{name}</Link> },
            { head: 'State', cell: ({ state }) => <StateBadge state={state} /> },
            { head: 'Starts', cell: ({ startsAt }) => when(startsAt) },
            { head: 'Ends', cell: ({ endsAt }) => (endsAt === null ? '–' : when(endsAt)) },
            { head: 'Mode', cell: ({ mode }) => (mode === 'fifo' ? 'First come' : 'Lottery') },
            { head: 'Products', isNumber: true, cell: ({ productIds }) => productIds.length },
          ]}
        />
      )}
    </>
  );
}
