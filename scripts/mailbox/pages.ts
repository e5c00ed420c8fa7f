import type { Mail } from './inbox.ts';

const style = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; color: #1d2230; }
  a { color: #24489e; } h1 { font-size: 1.4rem; } ol { list-style: none; padding: 0; }
  li { padding: .6rem 0; border-bottom: 1px solid #dde1ea; } small { color: #5b6478; display: block; }
  iframe { width: 100%; height: 34rem; border: 1px solid #dde1ea; } pre { white-space: pre-wrap; }
`;

/** The inbox, newest first; it looks again by itself. */
export function inboxPage(mails: readonly Mail[]): string {
  const rows = mails
    .map((mail, index) => ({ mail, index }))
    .reverse()
    .map(
      ({
        mail,
        index,
      }) => `<li><a href="/email/${index}">${asText(mail.subject || '(no subject)')}</a>
        <small>to ${asText(mail.to)} · ${asText(mail.receivedAt)}</small></li>`,
    );
  const list = rows.length === 0 ? '<p>No mail yet.</p>' : `<ol>${rows.join('\n')}</ol>`;
  const title = `Inbox (${mails.length})`;
  return page(title, `<h1>${title}</h1>${list}`, '<meta http-equiv="refresh" content="5">');
}

/** One mail: its HTML in a frame that runs nothing, or its text. */
export function mailPage(mail: Mail): string {
  const body =
    mail.html === ''
      ? `<pre>${asText(mail.text)}</pre>`
      : `<iframe sandbox title="The mail" srcdoc="${asText(mail.html)}"></iframe>
         <details><summary>As text</summary><pre>${asText(mail.text)}</pre></details>`;
  return page(
    mail.subject,
    `<p><a href="/">Inbox</a></p><h1>${asText(mail.subject || '(no subject)')}</h1>
     <small>from ${asText(mail.from)} to ${asText(mail.to)} · ${asText(mail.receivedAt)}</small>${body}`,
  );
}

function page(title: string, body: string, head = ''): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8">${head}
<meta name="viewport" content="width=device-width"><title>${asText(title)}</title>
<style>${style}</style></head><body>${body}</body></html>`;
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function asText(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => entities[letter] ?? letter);
}
