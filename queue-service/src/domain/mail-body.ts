import { defaultColours } from '@fairgate/shared/appearance/colours.ts';
import type { Appearance } from '@fairgate/shared/appearance.ts';
import type { Speech } from '@fairgate/shared/words/speech.ts';
import { escapeHtml } from './html-text.ts';

/** What a mail says, in one language. All of it is text: none of it is read as HTML. */
export type MailParts = {
  speech: Speech;
  /** The heading; the subject says the same. */
  title: string;
  /** What the mail is about, in a sentence or two; mail programs show it beside the subject. */
  lead: string;
  /** Rows of what it is about, each with its figure and with what belongs to it. */
  lines: MailLine[];
  action: { label: string; url: string };
  /** Of the button, as `#rrggbb`; ours where the shop sets none. */
  accent?: Accent;
  /** Small print, each a paragraph of its own. */
  footer: { text: string; url?: string }[];
};

export type Accent = { ground: string; ink: string };

/** The shop's own, which was judged for its contrast as a pair with what is ours of it. */
export function accentOf(appearance: Appearance | null): { accent?: Accent } {
  const { accent, accentInk } = appearance?.colours ?? {};
  if (accent === undefined && accentInk === undefined) return {};
  const { light } = defaultColours;
  return { accent: { ground: accent ?? light.accent, ink: accentInk ?? light.accentInk } };
}

export type MailLine = { text: string; figure?: string; details?: string[]; isTotal?: boolean };

export type MailBody = { text: string; html: string };

/** A mail as text, and as HTML of plain tables: no image, no style sheet, nothing from elsewhere. */
export function mailBody(parts: MailParts): MailBody {
  return { text: asText(parts), html: asHtml(parts) };
}

function asText({ title, lead, lines, action, footer }: MailParts): string {
  const rows = lines.flatMap(({ text, figure, details = [] }) => [
    figure === undefined ? text : `${text}: ${figure}`,
    ...details.map((detail) => `    ${detail}`),
  ]);
  const small = footer.map(({ text, url }) => (url === undefined ? text : `${text}\n${url}`));
  const blocks = [title, lead, rows.join('\n'), `${action.label}:\n${action.url}`, '-- ', ...small];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

const font = "font-family:-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";
const ownAccent: Accent = { ground: '#1f4fd8', ink: '#ffffff' };
const small = 'font-size:13px;line-height:20px;color:#5b6470';
/** Mail programs fill the preview with what comes next; these spaces keep the table out of it. */
const previewFill = '&#847;&zwnj;&nbsp;'.repeat(60);

/** Tables, widths in attributes and styles in place: what every mail program has in common. */
function asHtml(parts: MailParts): string {
  const { speech, title, lead, lines, action, accent = ownAccent, footer } = parts;
  const { language, direction } = speech;
  const [name, start] = [escapeHtml(title), direction === 'rtl' ? 'right' : 'left'];
  const head = `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>${name}</title></head>`;
  return `<!doctype html>
<html lang="${language}" dir="${direction}">${head}
<body style="margin:0;padding:0;background:#f3f4f6">
<div style="display:none;max-height:0;overflow:hidden">${escapeHtml(lead)}${previewFill}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"
 lang="${language}" dir="${direction}" style="${font};text-align:${start};word-break:break-word">
<tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"
 style="max-width:560px;background:#ffffff;color:#1c2024;border-radius:8px">
<tr><td style="padding:28px 24px 8px">
<h1 style="margin:0;font-size:22px;line-height:30px">${name}</h1></td></tr>
<tr><td style="padding:0 24px 16px;font-size:16px;line-height:24px">${escapeHtml(lead)}</td></tr>
${lines.length === 0 ? '' : linesHtml(lines, direction)}
<tr><td style="padding:8px 24px 28px">${buttonHtml(action, accent)}</td></tr>
</table>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"
 style="max-width:560px"><tr><td style="padding:16px 24px">
${footer.map(footerHtml).join('\n')}
</td></tr></table>
</td></tr></table>
</body></html>
`;
}

function linesHtml(lines: MailLine[], direction: 'ltr' | 'rtl'): string {
  const [start, end] = direction === 'rtl' ? ['right', 'left'] : ['left', 'right'];
  const rows = lines.map(({ text, figure = '', details = [], isTotal = false }) => {
    const weight = isTotal ? 'font-weight:bold;' : '';
    const cell = `${weight}padding:8px 0;border-top:1px solid #e3e6ea;vertical-align:top`;
    const apart = `padding-${start}:12px;white-space:nowrap`;
    const under = details.map((id) => `<br><span style="${small}">${escapeHtml(id)}</span>`);
    // Names are the shop's, in whatever direction they are written.
    return `<tr><td style="${cell}"><bdi>${escapeHtml(text)}</bdi>${under.join('')}</td>
<td align="${end}" style="${cell};${apart}"><bdi>${escapeHtml(figure)}</bdi></td></tr>`;
  });
  return `<tr><td style="padding:0 24px 16px"><table width="100%" cellpadding="0" cellspacing="0"
 border="0" style="font-size:15px;line-height:22px">
${rows.join('\n')}
</table></td></tr>`;
}

function buttonHtml({ label, url }: MailParts['action'], { ground, ink }: Accent): string {
  const style = `display:inline-block;padding:12px 20px;font-size:16px;color:${ink};
text-decoration:none`;
  return `<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr>
<td bgcolor="${ground}" style="border-radius:6px"><a href="${escapeHtml(url)}"
 style="${style}">${escapeHtml(label)}</a></td></tr></table>`;
}

function footerHtml({ text, url }: MailParts['footer'][number]): string {
  const words = escapeHtml(text);
  const link =
    url === undefined ? words : `<a href="${escapeHtml(url)}" style="color:#5b6470">${words}</a>`;
  return `<p style="margin:0 0 8px;${small}">${link}</p>`;
}
