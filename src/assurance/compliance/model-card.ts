import { frontMatter } from './card-front-matter.ts'
import { dataSection, lineageSection, trainingSection } from './card-origin.ts'
import {
  fairnessSection,
  metricsSection,
  robustnessSection,
  slicesSection,
  verdictSection,
} from './card-results.ts'
import { ethicsSection, limitsSection, purposeSection, risksSection } from './card-use.ts'
import type { ModelCardFacts } from './model-card-facts.ts'

/**
 * The model card in Markdown, with the front matter that Hugging Face reads (`model-index`). Follows
 * Mitchell et al., "Model Cards for Model Reporting" (2019): use, data, metrics, groups, limits,
 * ethics. The same facts give the same text: nothing of the moment of writing enters.
 */
export function renderModelCard(facts: ModelCardFacts): string {
  const { project } = facts
  const sections = [
    `# ${project.name}`,
    project.description ?? '',
    purposeSection(facts),
    metricsSection(facts),
    slicesSection(facts),
    fairnessSection(facts),
    robustnessSection(facts),
    verdictSection(facts),
    dataSection(facts),
    trainingSection(facts),
    limitsSection(facts),
    risksSection(facts),
    ethicsSection(facts),
    lineageSection(facts),
  ]
  return `${frontMatter(facts)}\n${sections.filter((text) => text !== '').join('\n\n')}\n`
}
