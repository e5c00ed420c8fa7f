import { useEffect, useState } from 'preact/hooks';
import { ask, findSession, may, session } from './api/client.ts';
import { wordsOf } from './api/load.ts';
import { ConfirmDialog } from './parts/confirm.tsx';
import { Trouble, Waiting } from './parts/pieces.tsx';
import { ThemeButton } from './parts/theme.tsx';
import { complain, Toasts } from './parts/toasts.tsx';
import { Link, route } from './route.tsx';
import { Screen } from './screens/screen.tsx';
import { SignIn } from './screens/sign-in.tsx';

/** The console: nothing of it is shown before it is known who looks. */
export function App() {
  const [trouble, setTrouble] = useState<string | null>(null);
  const find = () => {
    setTrouble(null);
    findSession().catch((error: unknown) => setTrouble(wordsOf(error)));
  };
  useEffect(find, []);
  return (
    <>
      {session.value === undefined && !trouble && <Waiting />}
      {trouble && <Trouble text={trouble} retry={find} />}
      {session.value === null && <SignIn />}
      {session.value && <Shell />}
      <ConfirmDialog />
      <Toasts />
    </>
  );
}

function Shell() {
  return (
    <div class="shell">
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header class="side">
        <Link to="/" class="brand">
          Fairgate
        </Link>
        <nav aria-label="Main">
          <Link to="/">Sales</Link>
          <Link to="/products">Products</Link>
          <Link to="/orders">Orders</Link>
          <Link to="/webhooks">Webhooks</Link>
          {may('operator') && <Link to="/bans">Bans</Link>}
          {may('admin') && <Link to="/keys">Keys</Link>}
          <Link to="/audit">Audit log</Link>
          {may('admin') && <a href="/console/jobs">Jobs</a>}
          <a href="/docs">API</a>
        </nav>
        <Who />
      </header>
      <main id="content" tabIndex={-1}>
        <Screen key={route.value.join('/')} />
      </main>
    </div>
  );
}

function Who() {
  const signOut = () => {
    ask('DELETE', '/v1/session').then(() => {
      session.value = null;
    }, complain);
  };
  return (
    <div class="who">
      <ThemeButton />
      <p>
        <strong>{session.value?.name}</strong> <span class="muted">{session.value?.role}</span>
      </p>
      <button type="button" class="button-quiet" onClick={signOut}>
        Sign out
      </button>
    </div>
  );
}
