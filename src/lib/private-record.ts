/** Makes its subclasses add their private fields to the object they are given, in place of a new one. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- its constructor is what it is for
class Given {
  constructor(object: object) {
    return object
  }
}

/**
 * Values kept by object, where no other code can read or write them, for as long as the object lives.
 *
 * It does what a `WeakMap` does, by a private field of the object: a map with one short-lived key per request costs
 * the garbage collector several times as much as the whole lookup.
 */
export function privateRecord<V>(): Pick<WeakMap<object, V>, 'get' | 'set' | 'delete'> {
  class Field extends Given {
    #value: V | undefined

    static get(object: object): V | undefined {
      return #value in object ? object.#value : undefined
    }

    static set(object: object, value: V | undefined): void {
      if (!(#value in object)) new Field(object)
      ;(object as Field).#value = value
    }
  }
  // Some engines add no private field to an object that is not extensible.
  const others = new WeakMap<object, V>()
  const inOthers = {
    get: others.get.bind(others),
    set: others.set.bind(others),
    delete: others.delete.bind(others),
  }

  const record = {
    get: (object: object): V | undefined => Field.get(object) ?? inOthers.get(object),
    set(object: object, value: V) {
      try {
        Field.set(object, value)
      } catch {
        inOthers.set(object, value)
      }
      return record as unknown as WeakMap<object, V>
    },
    delete(object: object): boolean {
      const had = record.get(object) !== undefined
      if (Field.get(object) !== undefined) Field.set(object, undefined)
      return inOthers.delete(object) || had
    },
  }
  return record
}
