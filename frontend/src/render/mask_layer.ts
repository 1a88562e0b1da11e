// Masks drawn by the GPU: a texture of labels, a palette of colours, fill and outline of constant width at any zoom.

import type { BoxXyxy } from "../geometry/rle";
import type { Viewport } from "../geometry/viewport";
import { makeProgram, makeTexture, type Program, RECTANGLE_VERTEX } from "./gl";
import type { LabelTexture } from "./label_texture";

/** Colours as 0 to 255; `fill` is an opacity from 0 to 1, `line` the outline's width in CSS pixels. */
export interface LabelStyle {
  readonly colour: readonly [number, number, number];
  readonly fill: number;
  readonly line: number;
  /**
   * "gaps": dashes alternate with a shade, to be seen on dark and on bright images.
   * "ants": with white, for what is being made and must not be overlooked.
   * "open": with what lies below, for what is not of this frame.
   */
  readonly dashes: "none" | "gaps" | "ants" | "open";
  /** Opacity of the outline, 0 to 1; 1 where it is left out. */
  readonly lineOpacity?: number;
  /** Stripes instead of a full fill: a proposal, whatever the opacity of the fill. */
  readonly hatched?: boolean;
}

const PALETTE_WIDTH = 256;
const DASHES = { none: 0, gaps: 1, ants: 2, open: 3 };

// Lines lie inside their object, so that the background costs one texel and touching objects keep a line each.
const WHOLE = `
  uniform highp usampler2D labels;
  uint label(vec2 at) {
    ivec2 texel = ivec2(floor(at));
    if (any(lessThan(texel, ivec2(0))) || any(greaterThanEqual(texel, ivec2(size)))) return 0u;
    return texelFetch(labels, texel, 0).r;
  }`;

const PAGED = `
  uniform highp usampler2DArray labels;
  uniform highp usampler2D places; // per page its layer plus one; 0: an empty page
  uniform int side;                // of a page, a power of two
  uniform ivec3 page;              // that is being drawn: its first column and row, and its layer
  uint label(vec2 at) {
    ivec2 texel = ivec2(floor(at));
    ivec2 inside = texel - page.xy;
    if (((inside.x | inside.y) & ~(side - 1)) == 0) return texelFetch(labels, ivec3(inside, page.z), 0).r;
    if (any(lessThan(texel, ivec2(0))) || any(greaterThanEqual(texel, ivec2(size)))) return 0u;
    uint place = texelFetch(places, texel / side, 0).r;
    if (place == 0u) return 0u;
    return texelFetch(labels, ivec3(texel & (side - 1), int(place) - 1), 0).r;
  }`;

/** `label` is a function that reads the label of an image point, 0 beyond the frame. */
const fragmentWith = (label: string) => `
  uniform sampler2D colours;      // per label: red, green, blue, opacity of the fill
  uniform sampler2D lines;        // per label: width in quarters of a CSS pixel, dashes, opacity, hatched
  uniform vec2 size;              // of the frame
  uniform float pixel;            // image pixels per CSS pixel
  uniform float device;           // device pixels per CSS pixel
  in vec2 image;
  out vec4 colour;
  ${label}

  // How many of eight directions leave the object within a distance.
  bool leaves(uint own, float reach) {
    float d = reach * 0.7071;
    return label(image + vec2(reach, 0.0)) != own || label(image - vec2(reach, 0.0)) != own
        || label(image + vec2(0.0, reach)) != own || label(image - vec2(0.0, reach)) != own
        || label(image + vec2(d, d)) != own || label(image - vec2(d, d)) != own
        || label(image + vec2(d, -d)) != own || label(image - vec2(d, -d)) != own;
  }

  void main() {
    uint own = label(image);
    if (own == 0u) discard;
    ivec2 entry = ivec2(int(own) % ${PALETTE_WIDTH}, int(own) / ${PALETTE_WIDTH});
    vec4 look = texelFetch(colours, entry, 0);
    vec4 line = texelFetch(lines, entry, 0) * 255.0;
    vec3 stroke = look.rgb;
    float opacity = look.a;
    if (line.a > 0.5) {
      float along = mod(gl_FragCoord.x + gl_FragCoord.y, 8.0 * device) / device;
      opacity *= along < 3.0 ? 1.0 : 0.25;
    }
    float width = line.r / 4.0;
    if (width > 0.0) {
      float soft = 0.35;
      vec2 cell = floor(gl_FragCoord.xy / (5.0 * device));
      bool gap = line.g > 0.5 && mod(cell.x + cell.y, 2.0) > 0.5;
      if (gap) stroke = line.g > 1.5 ? vec3(1.0) : vec3(0.0);
      float strength = gap && line.g < 1.5 ? 0.6 : 1.0;
      // The wider ring first: most pixels lie inside, and it alone shows that.
      float share = !leaves(own, (width + soft) * pixel) ? 0.0 : leaves(own, (width - soft) * pixel) ? 1.0 : 0.5;
      if (gap && line.g > 2.5) share = 0.0;
      look.rgb = mix(look.rgb, stroke, share);
      opacity = mix(opacity, strength * line.b / 255.0, share);
    }
    if (opacity <= 0.0) discard;
    colour = vec4(look.rgb * opacity, opacity);
  }`;

export class MaskProgram {
  private program: Program | null = null;

  constructor(private readonly gl: WebGL2RenderingContext) {}

  draw(labels: LabelTexture, palette: Palette, viewport: Viewport, devicePixelRatio: number): void {
    const parts = labels.parts.filter(({ box }) => isInSight(box, viewport));
    if (parts.length === 0) return;
    const { gl } = this;
    // All labels of a series are of one size, so they are read in one way.
    this.program ??= makeProgram(gl, RECTANGLE_VERTEX, fragmentWith(labels.paged ? PAGED : WHOLE));
    const { program } = this;
    labels.bind(gl.TEXTURE0, gl.TEXTURE3);
    gl.useProgram(program.program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    palette.bind(gl.TEXTURE1, gl.TEXTURE2);
    gl.uniform1i(program.uniform("labels"), 0);
    gl.uniform1i(program.uniform("colours"), 1);
    gl.uniform1i(program.uniform("lines"), 2);
    gl.uniform1i(program.uniform("places"), 3);
    gl.uniform1i(program.uniform("side"), labels.pages.side);
    gl.uniform2f(program.uniform("size"), labels.width, labels.height);
    gl.uniform1f(program.uniform("pixel"), 1 / viewport.scale);
    gl.uniform1f(program.uniform("device"), devicePixelRatio);
    const { originX, originY, width, height, scale } = viewport;
    gl.uniform4f(program.uniform("view"), originX, originY, width / scale, height / scale);
    for (const { box, layer } of parts) {
      gl.uniform3i(program.uniform("page"), box[0], box[1], layer);
      gl.uniform4f(program.uniform("rectangle"), ...box);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    }
  }
}

function isInSight([x0, y0, x1, y1]: BoxXyxy, { originX, originY, width, height, scale }: Viewport): boolean {
  return x1 > originX && y1 > originY && x0 < originX + width / scale && y0 < originY + height / scale;
}

/** How each label looks. Labels count from 1; a style may be changed without touching the labels. */
export class Palette {
  private readonly colours: WebGLTexture;
  private readonly lines: WebGLTexture;
  private styles: readonly LabelStyle[] = [];
  private stale = true;

  constructor(private readonly gl: WebGL2RenderingContext) {
    this.colours = makeTexture(gl, gl.TEXTURE_2D);
    this.lines = makeTexture(gl, gl.TEXTURE_2D);
  }

  set(styles: readonly LabelStyle[]): void {
    this.styles = styles;
    this.stale = true;
  }

  bind(first: GLenum, second: GLenum): void {
    const { gl } = this;
    gl.activeTexture(second);
    gl.bindTexture(gl.TEXTURE_2D, this.lines);
    gl.activeTexture(first);
    gl.bindTexture(gl.TEXTURE_2D, this.colours);
    if (!this.stale) return;
    this.stale = false;
    const rows = Math.ceil((this.styles.length + 1) / PALETTE_WIDTH);
    const colours = new Uint8Array(PALETTE_WIDTH * rows * 4);
    const lines = new Uint8Array(PALETTE_WIDTH * rows * 4);
    this.styles.forEach(({ colour, fill, line, dashes, lineOpacity = 1, hatched = false }, index) => {
      const at = (index + 1) * 4;
      colours.set([...colour, Math.round(fill * 255)], at);
      lines.set([Math.round(line * 4), DASHES[dashes], Math.round(lineOpacity * 255), hatched ? 1 : 0], at);
    });
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, PALETTE_WIDTH, rows, 0, gl.RGBA, gl.UNSIGNED_BYTE, colours);
    gl.activeTexture(second);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, PALETTE_WIDTH, rows, 0, gl.RGBA, gl.UNSIGNED_BYTE, lines);
  }
}
