/** How much text may leave or enter through the clipboard, by where it comes from. */

export interface Limits {
  /** Characters that may be copied out of outputs, previews and rendered text. */
  copy_chars: number;
  /** Characters that may be pasted in, and copied out of code that a person wrote. */
  paste_chars: number;
}

export const DEFAULT_LIMITS: Limits = { copy_chars: 200, paste_chars: 20000 };

/** Where text stands: what a person typed as code, or what the desk shows. */
export type Zone = 'code' | 'shown';

export type Kind = 'copy-blocked' | 'paste-blocked' | 'drop-blocked';

/** Files that hold what a person wrote; any other file opened as text may hold data. */
const CODE_FILES = /\.(py|pyi|r|rmd|qmd|jl|sql|sh|md|rst|toml|ya?ml|cfg|ini)$/i;

/** Whether a text file at `path` counts as code. */
export function isCodeFile(path: string): boolean {
  return CODE_FILES.test(path);
}

/** Server limits that are usable, the defaults in place of any that are not. */
export function usable(limits: Partial<Limits> | null | undefined): Limits {
  const whole = (value: unknown, fallback: number): number =>
    typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : fallback;
  return {
    copy_chars: whole(limits?.copy_chars, DEFAULT_LIMITS.copy_chars),
    paste_chars: whole(limits?.paste_chars, DEFAULT_LIMITS.paste_chars)
  };
}

/** How many characters may be copied out of `zone`. */
export function copyLimit(zone: Zone, limits: Limits): number {
  return zone === 'code' ? Math.max(limits.copy_chars, limits.paste_chars) : limits.copy_chars;
}

/** Whether a selection may be copied; a picture never may, however short the text around it. */
export function mayCopy(
  selection: { chars: number; pictures: boolean },
  zone: Zone,
  limits: Limits
): boolean {
  return !selection.pictures && selection.chars <= copyLimit(zone, limits);
}

/** What to refuse in a paste or a drop, if anything. */
export function refusal(
  data: { chars: number; files: number },
  limits: Limits
): 'files' | 'text' | null {
  return data.files > 0 ? 'files' : data.chars > limits.paste_chars ? 'text' : null;
}
