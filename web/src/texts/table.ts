// English and French; {name} stands for a value.
export type Row = readonly [english: string, french: string];

export const table = <T extends Record<string, Row>>(rows: T): T => rows;
