import { type FramedPage, framedPage, type Html } from '@fairgate/shared/pages/frame.ts';
import {
  contentPolicy,
  type Foreign,
  pageHeaders,
  showOnlyPolicy,
} from '@fairgate/shared/pages/policy.ts';
import { type Look, plainLook } from './look.ts';

export type { Html };

/** A page with the headers that it needs; caching is the route's to say. */
export type EdgePage = { html: Html; headers: Record<string, string> };

type Parts = Omit<FramedPage, 'styles' | 'brand'> & {
  look?: Look;
  /** `shows`: no script and no form, as in previews. */
  kind?: 'acts' | 'shows';
  foreign?: Foreign;
};

export function edgePage({ look = plainLook, kind = 'acts', foreign, ...parts }: Parts): EdgePage {
  const { styles, brand } = look;
  const policy = kind === 'acts' ? contentPolicy(styles, foreign) : showOnlyPolicy(styles);
  return {
    html: framedPage({ ...parts, styles, ...(brand === undefined ? {} : { brand }) }),
    headers: { ...pageHeaders, 'content-security-policy': policy },
  };
}
