import { type InputMistake, type ProblemSlug, problems } from '../problem.ts';

/** A refusal of Fairgate's (RFC 9457), with what an app needs to act on it. */
export class FairgateProblem extends Error {
  override readonly name = 'FairgateProblem';
  /** `other`: an answer that is no problem document of this version's, such as a proxy's. */
  readonly slug: ProblemSlug | 'other';
  readonly status: number;
  readonly detail: string;
  /** What is wrong with the input, field by field. */
  readonly errors: InputMistake[];
  /** When asking again makes sense, where the answer says so. */
  readonly retryAfterSeconds: number | null;
  /** All members of the document, such as `orderId`. */
  readonly members: Record<string, unknown>;

  constructor(answer: Response, members: Record<string, unknown>) {
    const slug = slugOf(members.type);
    const detail = typeof members.detail === 'string' ? members.detail : '';
    super(`${answer.status} ${slug}: ${detail}`);
    this.slug = slug;
    this.status = answer.status;
    this.detail = detail;
    this.errors = Array.isArray(members.errors) ? members.errors : [];
    this.retryAfterSeconds = secondsOf(answer.headers.get('retry-after'));
    this.members = members;
  }
}

/** No answer came: the network, or the time. Nobody knows whether the request was heard. */
export class FairgateUnreachable extends Error {
  override readonly name = 'FairgateUnreachable';
}

/** Whether the same request may well be answered otherwise in a while. */
export function isPassing(error: unknown): error is FairgateProblem | FairgateUnreachable {
  if (error instanceof FairgateUnreachable) return true;
  if (!(error instanceof FairgateProblem)) return false;
  return error.status === 429 || error.status >= 500;
}

function slugOf(type: unknown): ProblemSlug | 'other' {
  const slug = String(type).replace('urn:fairgate:problem:', '');
  return isSlug(slug) ? slug : 'other';
}

function isSlug(text: string): text is ProblemSlug {
  return Object.hasOwn(problems, text);
}

/** RFC 9110 section 10.2.3, the form in seconds. */
function secondsOf(text: string | null): number | null {
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}
