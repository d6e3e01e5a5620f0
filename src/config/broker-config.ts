import { type BrokerSettingName, type BrokerSettingValue, brokerSetting, brokerSettings, synonymsOf } from './broker-settings.ts'
import { type ResolvedListeners, resolveListeners } from './listener-checks.ts'
import type { Endpoint, Listener } from './listeners.ts'
import { formatValue, type SettingValue } from './setting.ts'
import { type ParsedValue, parseValue } from './setting-value.ts'

/** A setting as somebody gave it. */
export interface GivenSetting {
  readonly name: string
  readonly value: string
  /** Where it was given, for people: `--port`, `KAFKA_NUM_PARTITIONS`, `server.properties`. */
  readonly from: string
}

type Texts = ReadonlyMap<string, string>
const noTexts: Texts = new Map()

/** What DescribeConfigs tells apart: settings of this node and of all nodes, changed while they run, and those of the start. */
export interface SettingLayers {
  readonly dynamicBroker: Texts
  readonly dynamicDefault: Texts
  readonly static: Texts
}

/**
 * The settings of one broker, typed by the rows. It does not change: a dynamic change makes another one.
 *
 * What is given must have been checked (`resolveConfig`, `checkBrokerOverrides`); a value that does not parse is passed
 * over, so that a metadata log which another release has written cannot keep a broker from starting.
 */
export class BrokerConfig {
  readonly layers: SettingLayers
  readonly #given: ReadonlyMap<string, GivenSetting>
  readonly #values = new Map<string, ParsedValue>()
  readonly #listeners: ResolvedListeners

  constructor(given: Iterable<GivenSetting>, dynamicBroker = noTexts, dynamicDefault = noTexts) {
    this.#given = new Map(Array.from(given, (setting) => [setting.name, setting]))
    this.layers = {
      dynamicBroker,
      dynamicDefault,
      static: new Map(Array.from(this.#given.values(), ({ name, value }) => [name, value])),
    }
    const { static: start } = this.layers
    for (const layer of [start, dynamicDefault, dynamicBroker]) {
      for (const [name, text] of layer) this.#set(name, text)
    }
    this.#listeners = resolveListeners({
      listeners: this.get('listeners'),
      advertisedListeners: this.get('advertised.listeners'),
      protocolMap: this.get('listener.security.protocol.map'),
      controllerListenerNames: this.get('controller.listener.names'),
      interBrokerListenerName: this.get('inter.broker.listener.name'),
    })
  }

  #set(name: string, text: string): void {
    const setting = brokerSetting(name)
    if (setting === null) return
    try {
      this.#values.set(name, parseValue(setting, name, text))
    } catch {
      // Checked where it was given: see above.
    }
  }

  /** The value that holds. */
  get<N extends BrokerSettingName>(name: N): BrokerSettingValue<N> {
    const parsed = this.#values.get(name)
    return (parsed === undefined ? brokerSettings[name].defaultValue : parsed.value) as BrokerSettingValue<N>
  }

  /** The value that holds on one listener: `listener.name.NAME.` overrides. */
  getForListener<N extends BrokerSettingName>(listener: string, name: N): BrokerSettingValue<N> {
    const parsed = this.#values.get(`listener.name.${listener.toLowerCase()}.${name}`)
    return parsed === undefined ? this.get(name) : (parsed.value as BrokerSettingValue<N>)
  }

  /** The value that holds, as Kafka writes it. Passwords are in the clear: ask the row's type before showing it. */
  text(name: string): string | null {
    return this.#values.get(name)?.text ?? brokerSetting(name)?.defaultText ?? null
  }

  /** Where a value was given, or `default`. */
  from(name: string): string {
    if (this.layers.dynamicBroker.has(name)) return 'dynamic, this node'
    if (this.layers.dynamicDefault.has(name)) return 'dynamic, all nodes'
    return this.#given.get(name)?.from ?? 'default'
  }

  /** The value of the first that is set of a setting and its other units, in its own unit: `log.retention.ms` from hours. */
  inFirstUnit(name: BrokerSettingName): ParsedValue {
    for (const synonym of synonymsOf(name)) {
      const value: SettingValue = this.get(synonym.name)
      if (value === null) continue
      if (synonym.toFirst === 1) return { value, text: this.text(synonym.name) ?? '' }
      const converted = Number(value) * synonym.toFirst
      return { value: converted, text: formatValue('long', BigInt(converted)) }
    }
    return { value: null, text: '' }
  }

  /** All that was given at the start, unknown names included. */
  get given(): Iterable<GivenSetting> {
    return this.#given.values()
  }

  /** The listeners to open. */
  get listeners(): readonly Listener[] {
    return this.#listeners.listeners
  }

  /**
   * What clients of a listener are told, where `advertised.listeners` says it. Undefined, or an empty host: the local
   * address of their connection.
   */
  advertised(listener: string): Endpoint | undefined {
    return this.#listeners.advertised.get(listener)
  }

  /** What is wrong with the listeners, one sentence each; empty in a config that `resolveConfig` gave. */
  get listenerProblems(): readonly string[] {
    return this.#listeners.problems
  }

  get nodeId(): number {
    return this.get('node.id')
  }

  /** The directory of the metadata log, which also is the first of those for partitions unless it stands apart. */
  get dataDirectory(): string {
    const own = this.get('metadata.log.dir')
    return own === null ? (this.#logDirectories[0] ?? '') : withoutSlash(own)
  }

  /** Those for partitions, but for `dataDirectory`. */
  get otherDirectories(): readonly string[] {
    return this.#logDirectories.filter((path) => path !== this.dataDirectory)
  }

  /** `metadata.log.dir` is none of `log.dirs`: no partition is put there. */
  get isMetadataDirectoryApart(): boolean {
    return !this.#logDirectories.includes(this.dataDirectory)
  }

  get #logDirectories(): readonly string[] {
    return (this.get('log.dirs') ?? this.get('log.dir')).map(withoutSlash)
  }

  /** The same start with other dynamic settings: those of this node and of all nodes. */
  withDynamic(dynamicBroker: Texts, dynamicDefault: Texts): BrokerConfig {
    return new BrokerConfig(this.#given.values(), dynamicBroker, dynamicDefault)
  }
}

/** `/data/` names the same directory as `/data`. */
export function withoutSlash(path: string): string {
  return path.replace(/(?<=.)\/+$/, '')
}
