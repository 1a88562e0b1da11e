// The mark: a graticule's circle and cross hair.

export function Logo({ size = 20 }: { size?: number }) {
  return (
    <svg
      class="logo"
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      aria-hidden="true"
      focusable="false"
    >
      <circle cx="10" cy="10" r="5.5" stroke="var(--accent)" stroke-width="1.6" />
      <path
        d="M10 1.5v5M10 13.5v5M1.5 10h5M13.5 10h5"
        stroke="currentColor"
        stroke-width="1.6"
        stroke-linecap="round"
      />
    </svg>
  );
}
