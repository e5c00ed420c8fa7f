import { Heading } from '../parts/pieces.tsx';
import { Link, route } from '../route.tsx';
import { Audit } from './audit.tsx';
import { Bans } from './bans.tsx';
import { ControlRoom } from './control-room.tsx';
import { Keys } from './keys.tsx';
import { Look } from './look.tsx';
import { Orders } from './orders.tsx';
import { Places } from './places.tsx';
import { Products } from './products.tsx';
import { SaleFrame } from './sale-frame.tsx';
import { Sales } from './sales.tsx';
import { Settings } from './settings.tsx';
import { Summary } from './summary.tsx';
import { WebhookScreen } from './webhook.tsx';
import { Webhooks } from './webhooks.tsx';
import { Wizard } from './wizard.tsx';

/** The screen of an address. */
export function Screen() {
  const [first = '', id = '', part = ''] = route.value;
  switch (first) {
    case '':
      return <Sales />;
    case 'new':
      return <Wizard />;
    case 'products':
      return <Products />;
    case 'orders':
      return <Orders saleId={null} />;
    case 'webhooks':
      return id === '' ? <Webhooks /> : <WebhookScreen id={id} />;
    case 'bans':
      return <Bans />;
    case 'keys':
      return <Keys />;
    case 'audit':
      return <Audit />;
    case 'sales':
      return <SaleFrame id={id}>{(sale) => saleScreen(part, sale)}</SaleFrame>;
    default:
      return <Nowhere />;
  }
}

type Framed = Parameters<Parameters<typeof SaleFrame>[0]['children']>[0];

function saleScreen(part: string, framed: Framed) {
  switch (part) {
    case '':
      return <ControlRoom {...framed} />;
    case 'orders':
      return <Orders saleId={framed.sale.id} sale={framed} />;
    case 'settings':
      return <Settings {...framed} />;
    case 'look':
      return <Look {...framed} />;
    case 'places':
      return <Places {...framed} />;
    case 'summary':
      return <Summary {...framed} />;
    default:
      return <Nowhere />;
  }
}

function Nowhere() {
  return (
    <>
      <Heading>There is nothing here</Heading>
      <p>
        <Link to="/">To the sales</Link>
      </p>
    </>
  );
}
