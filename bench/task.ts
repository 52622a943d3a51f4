import { type RunOptions, runTask, type Task } from './parts.ts'

/** Child process: does one task, and reports what it found. */

process.once('message', ({ task, options }: { task: Task; options: RunOptions }) => {
  void runTask(task, options).then((result) => process.send?.(result, () => process.exit()))
})
process.on('disconnect', () => process.exit())
