/** Characters of formulas and their commands, each followed by a space that ends it. */
const table =
  "α alpha β beta γ gamma δ delta ε varepsilon ϵ epsilon ζ zeta η eta θ theta ϑ vartheta ι iota κ kappa λ lambda μ mu " +
  "ν nu ξ xi π pi ϖ varpi ρ rho ϱ varrho σ sigma ς varsigma τ tau υ upsilon φ varphi ϕ phi χ chi ψ psi ω omega Γ Gamma " +
  "Δ Delta Θ Theta Λ Lambda Ξ Xi Π Pi Σ Sigma Υ Upsilon Φ Phi Ψ Psi Ω Omega ∑ sum ∏ prod ∐ coprod ∫ int ∬ iint ∭ iiint " +
  "∮ oint ∂ partial ∇ nabla ∞ infty ± pm ∓ mp × times ÷ div · cdot ⋅ cdot ∘ circ ∗ ast ⋆ star ≤ le ≥ ge ≠ ne ≈ approx " +
  "≡ equiv ∼ sim ≃ simeq ≅ cong ∝ propto ≪ ll ≫ gg ∈ in ∉ notin ∋ ni ⊂ subset ⊃ supset ⊆ subseteq ⊇ supseteq ∪ cup " +
  "∩ cap ∅ emptyset ∖ setminus ∀ forall ∃ exists ∄ nexists ¬ neg ∧ land ∨ lor ⊕ oplus ⊗ otimes ⊙ odot ⊥ perp ∥ parallel " +
  "∠ angle → to ← leftarrow ↔ leftrightarrow ⇒ Rightarrow ⇐ Leftarrow ⇔ Leftrightarrow ⟹ implies ⟺ iff ↦ mapsto " +
  "⟶ longrightarrow ↑ uparrow ↓ downarrow ⟨ langle ⟩ rangle ⌊ lfloor ⌋ rfloor ⌈ lceil ⌉ rceil ‖ Vert ∣ mid … dots ⋯ cdots " +
  "⋮ vdots ⋱ ddots ′ prime ℏ hbar ℓ ell ℜ Re ℑ Im ℵ aleph † dagger ‡ ddagger ⊢ vdash ⊨ models ≺ prec ≻ succ ⪯ preceq " +
  "⪰ succeq △ triangle □ square";

const words = table.split(" ");

export const symbols: ReadonlyMap<string, string> = new Map([
  ...words.flatMap((char, at): [string, string][] => (at % 2 === 0 ? [[char, `\\${words[at + 1]} `]] : [])),
  ["{", "\\{"],
  ["}", "\\}"],
  ["%", "\\%"],
  ["#", "\\#"],
  ["&", "\\&"],
  ["_", "\\_"],
  ["$", "\\$"],
  ["\\", "\\backslash "],
  ["−", "-"],
  ["\u00a0", "\\ "],
  ["ℝ", "\\mathbb{R}"],
  ["ℕ", "\\mathbb{N}"],
  ["ℤ", "\\mathbb{Z}"],
  ["ℚ", "\\mathbb{Q}"],
  ["ℂ", "\\mathbb{C}"],
  ["ℙ", "\\mathbb{P}"],
  ["𝔼", "\\mathbb{E}"],
]);

export const functions: ReadonlySet<string> = new Set(
  (
    "sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan exp log ln lg lim limsup liminf max min sup inf det " +
    "dim ker deg gcd arg Pr hom"
  ).split(" "),
);

/** Marks over and under a symbol, by element and mark. */
export const accents: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "mover ^": "hat",
    "mover ˆ": "hat",
    "mover ~": "tilde",
    "mover ˜": "tilde",
    "mover ¯": "overline",
    "mover ‾": "overline",
    "mover ―": "overline",
    "mover _": "overline",
    "mover →": "vec",
    "mover ⃗": "vec",
    "mover ˙": "dot",
    "mover .": "dot",
    "mover ¨": "ddot",
    "mover ⏞": "overbrace",
    "mover ⌢": "frown",
    "munder _": "underline",
    "munder ‾": "underline",
    "munder ¯": "underline",
    "munder ⏟": "underbrace",
  }),
);
