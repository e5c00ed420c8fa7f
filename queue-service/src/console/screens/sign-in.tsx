import { useEffect, useState } from 'preact/hooks';
import { ask, session } from '../api/client.ts';
import type { Session } from '../api/shapes.ts';
import { TextField, useSending } from '../parts/form.tsx';

type Options = { oidc: { name: string; loginUrl: string } | null };

const endings: Record<string, string> = {
  refused: 'The login did not work, or gives you no role here.',
  expired: 'The login took too long. Try again.',
};

/** Who signs in goes on where they were. */
export function SignIn() {
  const [key, setKey] = useState('');
  const [oidc, setOidc] = useState<Options['oidc']>(null);
  const { isBusy, mistakes, run } = useSending();
  useEffect(() => {
    ask<Options>('GET', '/v1/session/options').then(
      ({ data }) => setOidc(data.oidc),
      () => {},
    );
  }, []);
  const ending = endings[new URLSearchParams(location.search).get('login') ?? ''];
  const signIn = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      session.value = (await ask<Session>('POST', '/v1/session', { body: { key } })).data;
    });
  };
  return (
    <main class="sign-in">
      <form class="card" onSubmit={signIn}>
        <h1>Fairgate</h1>
        <p class="muted">Sign in to run your sales.</p>
        {ending && (
          <p class="notice notice-bad" role="alert">
            {ending}
          </p>
        )}
        <TextField
          label="API key"
          type="password"
          name="key"
          autocomplete="current-password"
          value={key}
          onInput={setKey}
          mistake={mistakes.key}
          hint="From your admin, or the one that the stack printed."
          required
        />
        <button type="submit" class="wide" disabled={isBusy || key === ''}>
          Sign in
        </button>
        {oidc && (
          <a class="button button-quiet wide" href={oidc.loginUrl}>
            {oidc.name}
          </a>
        )}
      </form>
    </main>
  );
}
