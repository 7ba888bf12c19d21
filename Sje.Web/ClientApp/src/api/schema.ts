// Generated from tools/types/openapi.json, sha256 a42a0ac240d156ecaaac85298ebc74a2e31d65c1a3a06fa4228c04a4640bc6e8. Do not edit: npm run generate in tools/types.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A key without its secret. */
        ApiKeyInfo: {
            /** @description What the caller may do to it now; filled in for whoever is shown it. */
            actions?: components["schemas"]["ObjectAction"][];
            /** Format: date-time */
            createdAt: string;
            /** Format: uuid */
            id: string;
            /** Format: date-time */
            lastUsedAt: null | string;
            name: string;
            prefix: string;
            /** Format: date-time */
            revokedAt: null | string;
            role: components["schemas"]["Role"];
            tenant: string;
        };
        /** @description One claim of a task by one worker; without an outcome it is under way. */
        AttemptDetail: {
            /** Format: date-time */
            endedAt: null | string;
            error: null | components["schemas"]["JsonObject"];
            /** Format: int32 */
            number: number;
            outcome: null | components["schemas"]["AttemptOutcome"];
            /** Format: date-time */
            startedAt: string;
            task: string;
            /** Format: uuid */
            taskId: string;
            worker: string;
            /** Format: uuid */
            workerId: string;
        };
        /** @description An attempt of a task, and how much it wrote. Outcome: null while it runs. */
        AttemptLogSize: {
            /** Format: int32 */
            attempt: number;
            /** Format: date-time */
            endedAt: null | string;
            /** Format: int64 */
            errors: number;
            /** Format: int64 */
            lines: number;
            outcome: null | string;
            /** Format: date-time */
            startedAt: string;
            worker: string;
        };
        /** @enum {unknown} */
        AttemptOutcome: "succeeded" | "failed" | "cancelled" | "timed_out" | "lost" | "drained" | "released" | "restarted" | null;
        /**
         * @description How the longest delay grows from failure to failure.
         * @enum {unknown}
         */
        Backoff: "exponential" | "fixed" | "linear" | "fibonacci";
        /** @description What became of a batch; items stand in the order sent. */
        BatchAccepted: {
            /** Format: int32 */
            accepted: number;
            items: components["schemas"]["BatchItem"][];
            /** Format: int32 */
            rejected: number;
        };
        /** @description What became of one job of a batch: its `taskId`, or its problem. */
        BatchItem: {
            /** Format: int32 */
            index: number;
            jobId: null | string;
            problem: null | components["schemas"]["ProblemDocument"];
            /** Format: int32 */
            status: number;
            /** Format: uuid */
            taskId: null | string;
        };
        /** @description Which executions are to be cancelled, and why. */
        CancelExecutionsRequest: {
            /** @description Says that all are meant, where nothing else is given. */
            all?: null | boolean;
            /** @description Only says how many would be changed. */
            dryRun?: null | boolean;
            /** @description Those that are meant, up to 10,000; then nothing else says which. */
            ids?: null | string[];
            /** @description The exact name of the job. */
            job?: null | string;
            /** @description Part of the job's name or of the label; of executions also an id, of dead letters also part of the error's message. */
            q?: null | string;
            /** @description The exact queue. */
            queue?: null | string;
            /** @description Stands with each of them. */
            reason?: null | string;
            /** @description The name of the schedule that started them. */
            schedule?: null | string;
            /** @description Accepted at this instant or later; of dead letters, failed for good. */
            since?: null | string;
            /** @description Any of these states; retrying is one, as in the list. */
            state?: null | string[];
            /** @description One of the tags. */
            tag?: null | string;
            /** @description Accepted before this instant; of dead letters, failed for good. */
            until?: null | string;
        };
        CancelRequest: {
            reason?: null | string;
        };
        /**
         * @description A target that has failed. `State` is `closed` (in order), `open` (nothing is started for it before `OpenUntil`) or
         *     `half_open` (it is tried by one task at a time). `Waiting` counts up to 1,000.
         */
        CircuitBreakerStatus: {
            /** @description What the caller may do to it now; filled in for whoever is shown it. */
            actions?: components["schemas"]["ObjectAction"][];
            /** Format: int32 */
            failures: number;
            lastError: null | string;
            /** Format: date-time */
            openedAt: null | string;
            /** Format: date-time */
            openUntil: null | string;
            state: string;
            /** Format: int32 */
            successes: number;
            target: string;
            /** Format: date-time */
            updatedAt: string;
            /** Format: int64 */
            waiting: number;
        };
        /**
         * @description How the clocks of a zone change.
         * @enum {unknown}
         */
        ClockChange: "gap" | "overlap";
        /**
         * @description A change of the zone's clocks that touches the schedule, and what is done then: the scheduler's own rule. `kind` is `gap` where local times
         *     are left out, `overlap` where they come twice. `dueAt` are the instants at which it starts because of it or in spite of it.
         */
        ClockNoteView: {
            /** Format: date-time */
            at: string;
            dueAt: components["schemas"]["DueTime"][];
            kind: components["schemas"]["ClockChange"];
            text: string;
        };
        /** @description How many tasks share a concurrency key. */
        ConcurrencyKeyRequest: {
            /**
             * Format: int32
             * @description Most tasks with the key that run at a time, over all queues and workers.
             */
            limit?: null | number;
        };
        /** @description A concurrency key: how many tasks with it run at a time, whether somebody set that by hand, and how many run and wait now. */
        ConcurrencyKeyStatus: {
            /** @description What the caller may do to it now; filled in for whoever is shown it. */
            actions?: components["schemas"]["ObjectAction"][];
            /** Format: int32 */
            limit: number;
            name: string;
            /** Format: int64 */
            running: number;
            setByHand: boolean;
            /** Format: date-time */
            updatedAt: string;
            /** Format: int64 */
            waiting: number;
        };
        /** @description What this process has seen of the core since it started. */
        CoreCounts: {
            /** Format: int64 */
            attemptsEnded: number;
            /** Format: int64 */
            attemptsStarted: number;
            claimLatency: null | components["schemas"]["RecentFigures"];
            dispatchLatency: null | components["schemas"]["RecentFigures"];
            /** Format: int64 */
            retries: number;
            /** Format: int64 */
            takeovers: number;
            /** Format: int64 */
            tasksClaimed: number;
            /** Format: int64 */
            workersLost: number;
        };
        /**
         * @description What the core has to do now, over all tenants. Up to int CoreLoadReader.ExactPages pages of live tasks every figure is exact. Beyond, counts of
         *     a queue are exact up to int CoreLoadReader.ExactRows and then scaled up from a sample, and so is IReadOnlyDictionary&lt;int, long&gt; CoreLoad.WaitingByPriority;
         *     bool CoreLoad.Exact says which.
         */
        CoreLoad: {
            /** Format: int64 */
            deadLetters: number;
            exact: boolean;
            queues: components["schemas"]["QueueLoad"][];
            /** Format: int64 */
            runningExecutions: number;
            waitingByPriority: {
                [key: string]: number;
            };
            workers: components["schemas"]["LiveWorker"][];
        };
        /** @description A task that failed for good and that nobody has dismissed or run again. */
        DeadLetter: {
            /**
             * Format: date-time
             * @description When it was accepted.
             */
            acceptedAt: string;
            /** @description What the caller may do to it now; filled in for whoever is shown it. */
            actions?: components["schemas"]["ObjectAction"][];
            /**
             * Format: int32
             * @description The number of the last attempt.
             */
            attempt: number;
            /** @description The failure class. */
            class: string;
            /**
             * Format: uuid
             * @description The execution that it belongs to.
             */
            executionId: string;
            /**
             * Format: int32
             * @description Of its process.
             */
            exitCode: null | number;
            /**
             * Format: date-time
             * @description When it failed for good.
             */
            failedAt: string;
            /**
             * Format: int32
             * @description How many attempts counted as failures.
             */
            failures: number;
            /** @description The same for those that look alike. */
            fingerprint: string;
            /**
             * Format: uuid
             * @description The task.
             */
            id: string;
            /** @description The name of the job. */
            job: string;
            /** @description The client's own label. */
            label: null | string;
            /**
             * Format: int32
             * @description How many were allowed.
             */
            maxAttempts: number;
            /** @description What went wrong. */
            message: null | string;
            /** @description Its queue. */
            queue: string;
            /** @description Why it is not tried again, in words. */
            reason: null | string;
            /** @description What ended its process. */
            signal: null | string;
            /** @description `failed` or `timed_out`. */
            state: components["schemas"]["TaskState"];
            /** @description The task's name. */
            task: string;
            /** @description Whose it is. */
            tenant: string;
            /** @description Its type. */
            type: string;
        };
        /** @description A dead letter on its own page: its whole error with the end of its log, and its attempts, the newest first. */
        DeadLetterDetail: {
            attempts: components["schemas"]["AttemptDetail"][];
            error: null | components["schemas"]["JsonObject"];
            letter: components["schemas"]["DeadLetter"];
            skipped: string[];
        };
        /** @description Dead letters that look alike. */
        DeadLetterGroup: {
            /**
             * Format: int64
             * @description How many there are.
             */
            count: number;
            /** @description What they share. */
            fingerprint: string;
            /**
             * Format: date-time
             * @description When the first of them failed.
             */
            firstSeenAt: string;
            /** @description Names of the jobs among the newest of them, ten at most. */
            jobs: string[];
            /**
             * Format: date-time
             * @description When the last of them failed.
             */
            lastSeenAt: string;
            /** @description The newest. */
            sample: components["schemas"]["DeadLetter"];
        };
        /** @description A page of dead letters. Counts are by failure class, under the same filters but the class; together they go up to `countsUpTo`. */
        DeadLetterPage: {
            counts: {
                [key: string]: number;
            };
            /** Format: int32 */
            countsUpTo: number;
            items: components["schemas"]["DeadLetter"][];
            nextCursor: null | string;
        };
        /** @description Which dead letters are to be changed: those that meet all that is given. */
        DeadLetterRequest: {
            /** @description Says that all are meant, where nothing else is given. */
            all?: null | boolean;
            /** @description The failure class. */
            class?: null | string;
            /** @description Those that look alike. */
            fingerprint?: null | string;
            /** @description The exact name of the job. */
            job?: null | string;
            /** @description Part of the job's name or of the label; of executions also an id, of dead letters also part of the error's message. */
            q?: null | string;
            /** @description The exact queue. */
            queue?: null | string;
            /** @description Accepted at this instant or later; of dead letters, failed for good. */
            since?: null | string;
            /** @description Accepted before this instant; of dead letters, failed for good. */
            until?: null | string;
        };
        /** @description How many were changed. */
        DeadLettersChanged: {
            /** Format: int64 */
            changed: number;
        };
        /** @description The dead letters of one id: of a task one, of an execution all that it has. */
        DeadLettersOfOne: {
            items: components["schemas"]["DeadLetterDetail"][];
        };
        /** @description A due time: the instant, and what a clock in the schedule's time zone shows then. */
        DueTime: {
            /** Format: date-time */
            at: string;
            local: string;
        };
        /** @description A state change; `version` is the execution's of now, by which a client sees whether it has to read it again. */
        EventItem: {
            /** Format: date-time */
            at: string;
            data: components["schemas"]["JsonObject"];
            /** Format: uuid */
            executionId: string;
            id: string;
            kind: string;
            /** Format: uuid */
            taskId: null | string;
            /** Format: int64 */
            version: null | number;
        };
        /** @description The state after a change, or while it is under way. */
        ExecutionChanged: {
            /** Format: date-time */
            cancelRequestedAt: null | string;
            /** Format: uuid */
            id: string;
            state: components["schemas"]["ExecutionState"];
        };
        /** @description How many there are by state, under a filter; none goes beyond `countsUpTo`. `retrying` counts some of the queued and running ones again. */
        ExecutionCountsView: {
            counts: {
                [key: string]: number;
            };
            /** Format: int32 */
            countsUpTo: number;
        };
        /** @description An execution on its own page: also the job as it was accepted, its values, results and tasks. */
        ExecutionDetail: {
            /** Format: date-time */
            acceptedAt?: string;
            acceptedBy?: null | string;
            actions?: components["schemas"]["ObjectAction"][];
            /** Format: int32 */
            attempt?: number;
            cancelReason?: null | string;
            /** Format: date-time */
            cancelRequestedAt?: null | string;
            error?: null | components["schemas"]["JsonObject"];
            errorClass?: null | string;
            errorMessage?: null | string;
            /** Format: int32 */
            failures?: number;
            /** Format: date-time */
            finishedAt?: null | string;
            /** Format: uuid */
            id?: string;
            job: components["schemas"]["JsonObject"];
            jobType?: string;
            /** Format: int32 */
            jobVersion?: null | number;
            label?: null | string;
            /** Format: int32 */
            maxAttempts?: number;
            metrics?: null | components["schemas"]["JsonObject"];
            name?: string;
            /** Format: date-time */
            nextAttemptAt?: null | string;
            outputs?: null | components["schemas"]["JsonObject"];
            parameters: components["schemas"]["JsonObject"];
            /** Format: int32 */
            priority?: number;
            /** Format: double */
            progress?: null | number;
            progressMessage?: null | string;
            queue?: string;
            /** Format: int32 */
            queuePosition?: null | number;
            reason?: null | string;
            /** Format: uuid */
            rerunOf?: null | string;
            retrying?: boolean;
            schedule?: null | string;
            /** Format: date-time */
            scheduledFor?: null | string;
            /** Format: date-time */
            startedAt?: null | string;
            state?: components["schemas"]["ExecutionState"];
            tags?: string[];
            taskCounts: {
                [key: string]: number;
            };
            /** @description The first thousand; the rest are under `/tasks`. */
            tasks: components["schemas"]["TaskItem"][];
            tenant?: string;
            trigger?: string;
            /** Format: int64 */
            typicalDurationMs?: null | number;
            /** Format: int64 */
            version?: number;
            waitReason?: null | string;
            /** Format: int64 */
            warnings?: number;
            worker?: null | string;
        };
        /**
         * @description An execution in a list. What it says of attempts, progress and error is of the task that tells most (a running one first). `retrying`: it has
         *     not ended, and a task of it tries again. `reason` is one line: why it waits, what went wrong, or what it is doing. `queuePosition` is its
         *     place among those of its queue that nothing but others before it keeps waiting, from 1. `warnings` counts lines of warning in its logs.
         *     `typicalDurationMs`, in a list only where it was asked for: the median of what the last executions of the job that succeeded took, up to 20; none where
         *     fewer than 3 have. `actions` is what the caller may do to it now.
         */
        ExecutionItem: {
            /** Format: date-time */
            acceptedAt: string;
            acceptedBy: null | string;
            actions: components["schemas"]["ObjectAction"][];
            /** Format: int32 */
            attempt: number;
            cancelReason: null | string;
            /** Format: date-time */
            cancelRequestedAt: null | string;
            errorClass: null | string;
            errorMessage: null | string;
            /** Format: int32 */
            failures: number;
            /** Format: date-time */
            finishedAt: null | string;
            /** Format: uuid */
            id: string;
            jobType: string;
            /** Format: int32 */
            jobVersion: null | number;
            label: null | string;
            /** Format: int32 */
            maxAttempts: number;
            name: string;
            /** Format: date-time */
            nextAttemptAt: null | string;
            /** Format: int32 */
            priority: number;
            /** Format: double */
            progress: null | number;
            progressMessage: null | string;
            queue: string;
            /** Format: int32 */
            queuePosition: null | number;
            reason: null | string;
            /** Format: uuid */
            rerunOf: null | string;
            retrying: boolean;
            schedule: null | string;
            /** Format: date-time */
            scheduledFor: null | string;
            /** Format: date-time */
            startedAt: null | string;
            state: components["schemas"]["ExecutionState"];
            tags: string[];
            tenant: string;
            trigger: string;
            /** Format: int64 */
            typicalDurationMs: null | number;
            /** Format: int64 */
            version: number;
            waitReason: null | string;
            /** Format: int64 */
            warnings: number;
            worker: null | string;
        };
        /**
         * @description A page of executions. Counts are by state, under the same filters but the state; none goes beyond `countsUpTo`. `retrying` among them
         *     counts some of the queued and running ones again.
         */
        ExecutionPage: {
            counts: {
                [key: string]: number;
            };
            /** Format: int32 */
            countsUpTo: number;
            items: components["schemas"]["ExecutionItem"][];
            nextCursor: null | string;
        };
        /**
         * @description Executions that ended in one stretch of time: how many in which state, how long they ran and how long they had waited before. Those of one that
         *     never started count for neither time.
         */
        ExecutionPoint: {
            /** Format: date-time */
            at: string;
            ended: {
                [key: string]: number;
            };
            run: components["schemas"]["Percentiles"];
            wait: components["schemas"]["Percentiles"];
        };
        /**
         * @description What ended between two instants, in stretches of `stepSeconds`, oldest first, each named by its beginning. Percentiles are of up to
         *     `measuredUpTo` executions, spread evenly.
         */
        ExecutionSeries: {
            /** Format: date-time */
            from: string;
            /** Format: int32 */
            measuredUpTo: number;
            points: components["schemas"]["ExecutionPoint"][];
            /** Format: double */
            stepSeconds: number;
            /** Format: date-time */
            to: string;
        };
        /** @description How many executions would be changed. */
        ExecutionsMatched: {
            /** Format: int64 */
            matched: number;
        };
        /**
         * @description The life of an execution. Written in JSON and SQL in snake_case (StateNames).
         * @enum {unknown}
         */
        ExecutionState: "accepted" | "queued" | "running" | "succeeded" | "partially_succeeded" | "failed" | "cancelled" | "timed_out";
        /** @description A failure class, how it is recognised, and the retry policy that it picks where the job names none. */
        FailureClassView: {
            name: string;
            permanent: boolean;
            policy: string;
            recognisedBy: string;
        };
        /** @description One thing looked at: `ok`, `warning` (work waits, nothing is broken) or `down`. */
        HealthCheck: {
            detail: string;
            /** Format: double */
            durationMs: number;
            status: string;
        };
        /** @description The health of this server. */
        HealthReport: {
            checks: {
                [key: string]: components["schemas"]["HealthCheck"];
            };
            status: string;
            version: string;
        };
        /**
         * @description The history of a stretch of time. Without a beginning it holds all that is older; without an end it is the default partition's, of no certain time.
         *     DropAfter: when its age lets it go; LogsDropAfter: when its log lines may.
         */
        HistoryPart: {
            /** Format: int64 */
            bytes: number;
            /** Format: date-time */
            dropAfter: null | string;
            /** Format: date-time */
            from: null | string;
            /** Format: date-time */
            logsDropAfter: null | string;
            /** Format: int64 */
            rows: number;
            tables: components["schemas"]["TablePart"][];
            /** Format: date-time */
            to: null | string;
        };
        /**
         * @description What part of the longest delay is waited.
         * @enum {unknown}
         */
        Jitter: "full" | "none";
        /** @description A saved job in a list, with its last 20 executions, the newest first, and when a schedule of it is due next. */
        JobItem: {
            actions: components["schemas"]["ObjectAction"][];
            description: null | string;
            lastRuns: components["schemas"]["JobLastRun"][];
            name: string;
            /** Format: date-time */
            nextAt: null | string;
            /** Format: date-time */
            pausedAt: null | string;
            pausedBy: null | string;
            pauseReason: null | string;
            queue: string;
            tags: string[];
            type: string;
            /** Format: date-time */
            updatedAt: string;
            /** Format: int32 */
            version: number;
        };
        /** @description One of the last executions of a job; without a length it has not ended, or never started. */
        JobLastRun: {
            /** Format: int64 */
            durationMs: null | number;
            /** Format: uuid */
            id: string;
            /** Format: date-time */
            startedAt: null | string;
            state: components["schemas"]["ExecutionState"];
        };
        /** @description An execution of a job: a row of the grid. A task that it does not have has no cell. */
        JobRun: {
            cells: components["schemas"]["JobRunCell"][];
            execution: components["schemas"]["ExecutionItem"];
        };
        /** @description A task of an execution; `task` is its place among the tasks of the grid, from 0. */
        JobRunCell: {
            /** Format: int32 */
            attempt: number;
            /** Format: int64 */
            durationMs: null | number;
            /** Format: int32 */
            failures: number;
            state: components["schemas"]["TaskState"];
            /** Format: int32 */
            task: number;
        };
        /** @description Executions of a job, newest first, by tasks. `taskCount` is how many different tasks these executions have. */
        JobRunGrid: {
            nextCursor: null | string;
            runs: components["schemas"]["JobRun"][];
            /** Format: int32 */
            taskCount: number;
            /** Format: int32 */
            taskOffset: number;
            tasks: string[];
        };
        /** @description Values for one execution of a saved job. */
        JobRunRequest: {
            idempotencyKey?: null | string;
            parameters?: null | components["schemas"]["JsonObject"];
        };
        /** @description A job file that is right, as it would be stored. */
        JobValidated: {
            job: components["schemas"]["JsonObject"];
            valid: boolean;
        };
        /**
         * @description A saved job; `job` is its file in canonical form, `lastRuns` its last 20 executions, the newest first, `nextAt` when a schedule of it is
         *     due next, `actions` what the caller may do to it now.
         */
        JobView: {
            actions: components["schemas"]["ObjectAction"][];
            /** Format: date-time */
            createdAt: string;
            createdBy: null | string;
            job: components["schemas"]["JsonObject"];
            lastRuns: components["schemas"]["JobLastRun"][];
            name: string;
            /** Format: date-time */
            nextAt: null | string;
            /** Format: date-time */
            pausedAt: null | string;
            pausedBy: null | string;
            pauseReason: null | string;
            /** Format: date-time */
            updatedAt: string;
            /** Format: int32 */
            version: number;
        };
        JsonArray: unknown[];
        JsonNode: unknown;
        JsonObject: Record<string, unknown>;
        /** @description A key that was just made; `key` is shown this once. */
        KeyCreated: {
            info: components["schemas"]["ApiKeyInfo"];
            key: string;
        };
        /** @description A key to make; an operator of the tenant `default` unless it says otherwise. */
        KeyRequest: {
            name?: null | string;
            role?: components["schemas"]["Role"];
            tenant?: string;
        };
        /** @description How many lines of a log say which level, how many say none, and how many were written to stderr, whatever they say. */
        LevelCounts: {
            /** Format: int64 */
            debug: number;
            /** Format: int64 */
            error: number;
            /** Format: int64 */
            info: number;
            /** Format: int64 */
            none: number;
            /** Format: int64 */
            stderr: number;
            /** Format: int64 */
            warn: number;
        };
        /** @enum {unknown} */
        LineLevel: "debug" | "info" | "warn" | "error" | null;
        /** @description A worker that holds a lease now; double LiveWorker.HeartbeatAgeSeconds is by the database's clock. */
        LiveWorker: {
            /** Format: int32 */
            directSlots: number;
            /** Format: double */
            heartbeatAgeSeconds: number;
            /** Format: uuid */
            id: string;
            name: string;
            queues: string[];
            /** Format: int32 */
            slots: number;
            state: string;
        };
        /** @description A line with a match. Text: what is shown of it, or a part around the match; Start and Length: the first match in that text; Column: in the whole line. */
        LogHit: {
            /** Format: date-time */
            at: string;
            /** Format: int32 */
            column: number;
            /** Format: int32 */
            length: number;
            level: null | components["schemas"]["LineLevel"];
            /** Format: int64 */
            number: number;
            /** Format: int32 */
            start: number;
            stream: components["schemas"]["LogStream"];
            text: string;
        };
        /** @description How many lines with a match there are in a stretch of lines that begins at Line. */
        LogHitBucket: {
            /** Format: int32 */
            count: number;
            /** Format: int64 */
            line: number;
        };
        /** @description A line of a log; numbers rise within an attempt. */
        LogLine: {
            /** Format: date-time */
            at: string;
            /**
             * Format: int32
             * @description How many characters it has, where string LogLine.Text is only the first of them.
             */
            fullLength?: null | number;
            level?: null | components["schemas"]["LineLevel"];
            /** Format: int64 */
            number: number;
            stream: components["schemas"]["LogStream"];
            text: string;
        };
        /**
         * @description Some lines of one attempt's log, which now has the lines from `firstLine` to before `endLine`; `nextFrom` is where to
         *     go on reading, `ended` whether no further line will come. Of a level: `firstRank` is which of its lines the first one here is, from 1,
         *     `total` how many there are, and `nextFrom` a rank.
         */
        LogPage: {
            /** Format: int32 */
            attempt: number;
            ended: boolean;
            /** Format: int64 */
            endLine: number;
            /** Format: int64 */
            firstLine: number;
            /** Format: int64 */
            firstRank: null | number;
            items: components["schemas"]["LogLine"][];
            /** Format: int64 */
            nextFrom: number;
            task: string;
            /** Format: int64 */
            total: null | number;
        };
        /**
         * @description Lines with a match. `total`: how many were found in the lines looked at, `complete` whether that were all that were asked for. More
         *     hits are had from `nextFrom` on. Where time ran out, `resumeFrom` is the line to go on at: what is found there adds to the total and to
         *     the map, whose `buckets` tell how many hits there are in `bucketLines` lines from `line` on.
         */
        LogSearchPage: {
            /** Format: int32 */
            attempt: number;
            /** Format: int64 */
            bucketLines: number;
            buckets: components["schemas"]["LogHitBucket"][];
            complete: boolean;
            /** Format: int64 */
            endLine: number;
            /** Format: int64 */
            firstLine: number;
            items: components["schemas"]["LogHit"][];
            /** Format: int64 */
            nextFrom: null | number;
            /** Format: int64 */
            resumeFrom: null | number;
            task: string;
            /** Format: int64 */
            total: number;
        };
        /**
         * @description Where a line of a log came from.
         * @enum {unknown}
         */
        LogStream: "stdout" | "stderr" | "system";
        /** @description What an attempt's log holds: lines from `firstLine` to before `endLine`, `lines` of them. `missing`: why there are none. */
        LogSummary: {
            /** Format: int32 */
            attempt: number;
            attempts: components["schemas"]["AttemptLogSize"][];
            ended: boolean;
            /** Format: int64 */
            endLine: number;
            /** Format: date-time */
            firstAt: null | string;
            /** Format: int64 */
            firstErrorLine: null | number;
            /** Format: int64 */
            firstLine: number;
            /** Format: int64 */
            firstStderrLine: null | number;
            /** Format: date-time */
            lastAt: null | string;
            levels: components["schemas"]["LevelCounts"];
            /** Format: int64 */
            lines: number;
            missing: null | components["schemas"]["MissingLog"];
            missingDetail: null | string;
            task: string;
            taskEnded: boolean;
        };
        /** @description The configuration in force, secrets masked, as one object per section. */
        MgmtConfig: {
            settings: components["schemas"]["JsonObject"];
        };
        /**
         * @description The core's figures: CoreLoad MgmtCore.Load is read from the database and the same on every server, CoreCounts MgmtCore.Process is what this process alone has
         *     seen since it started.
         */
        MgmtCore: {
            load: components["schemas"]["CoreLoad"];
            /** Format: date-time */
            now: string;
            process: components["schemas"]["CoreCounts"];
        };
        /** @description The server at a glance. */
        MgmtOverview: {
            links: string[];
            /** Format: date-time */
            now: string;
            queues: components["schemas"]["QueueStatus"][];
            version: string;
            /** Format: int32 */
            workersAlive: number;
        };
        /** @description What is kept, how much of it there is, and what the last round removed. */
        MgmtRetention: {
            history: components["schemas"]["HistoryPart"][];
            lastRun: components["schemas"]["RetentionRun"];
            settings: components["schemas"]["RetentionSettings"];
            tables: components["schemas"]["TablePart"][];
        };
        /** @description How this server lets tasks be retried. */
        MgmtRetryPolicies: {
            failureClasses: components["schemas"]["FailureClassView"][];
            policies: components["schemas"]["RetryPolicyView"][];
        };
        /** @enum {unknown} */
        MissingLog: "not_started" | "nothing_yet" | "nothing_written" | "worker_lost" | "retention" | null;
        /** @description Which executions go to another queue. */
        MoveExecutionsRequest: {
            /** @description Says that all are meant, where nothing else is given. */
            all?: null | boolean;
            /** @description Only says how many would be changed. */
            dryRun?: null | boolean;
            /** @description Those that are meant, up to 10,000; then nothing else says which. */
            ids?: null | string[];
            /** @description The exact name of the job. */
            job?: null | string;
            /** @description Part of the job's name or of the label; of executions also an id, of dead letters also part of the error's message. */
            q?: null | string;
            /** @description The exact queue. */
            queue?: null | string;
            /** @description The name of the schedule that started them. */
            schedule?: null | string;
            /** @description Accepted at this instant or later; of dead letters, failed for good. */
            since?: null | string;
            /** @description Any of these states; retrying is one, as in the list. */
            state?: null | string[];
            /** @description One of the tags. */
            tag?: null | string;
            /** @description A queue of the same lane. */
            toQueue?: null | string;
            /** @description Accepted before this instant; of dead letters, failed for good. */
            until?: null | string;
        };
        /** @description Where what waits of an execution is to stand; what is missing stays as it is. */
        MoveRequest: {
            priority?: null | components["schemas"]["JsonNode"];
            /** @description A queue of the same lane. */
            queue?: null | string;
        };
        /**
         * @description What may be done to an object. Written in small letters, as the API and the pages do.
         * @enum {unknown}
         */
        ObjectAction: "run" | "trigger" | "cancel" | "retry" | "rerun" | "prioritize" | "move" | "skip" | "pause" | "resume" | "drain" | "edit" | "delete" | "requeue" | "purge" | "reset";
        /**
         * @description The life of an operation.
         * @enum {unknown}
         */
        OperationState: "running" | "succeeded" | "partially_succeeded" | "failed" | "cancelled";
        /** @description A change of many rows under way, or over. */
        OperationView: {
            actions: components["schemas"]["ObjectAction"][];
            /** Format: int32 */
            chosen: null | number;
            /** Format: date-time */
            createdAt: string;
            /** Format: int64 */
            done: number;
            /** Format: int64 */
            failed: number;
            filter: components["schemas"]["JsonObject"];
            /** Format: date-time */
            finishedAt: null | string;
            /** Format: uuid */
            id: string;
            kind: string;
            lastError: null | string;
            reasons: {
                [key: string]: number;
            };
            requestedBy: null | string;
            settings: components["schemas"]["JsonObject"];
            state: components["schemas"]["OperationState"];
            /** Format: int64 */
            total: number;
            /** Format: int64 */
            untouched: null | number;
            /** Format: date-time */
            updatedAt: string;
        };
        /** @description A page of a list; without a next cursor it is the last. */
        PageOfApiKeyInfo: {
            items: components["schemas"]["ApiKeyInfo"][];
            nextCursor: null | string;
        };
        /** @description A page of a list; without a next cursor it is the last. */
        PageOfAttemptDetail: {
            items: components["schemas"]["AttemptDetail"][];
            nextCursor: null | string;
        };
        /** @description A page of a list; without a next cursor it is the last. */
        PageOfCircuitBreakerStatus: {
            items: components["schemas"]["CircuitBreakerStatus"][];
            nextCursor: null | string;
        };
        /** @description A page of a list; without a next cursor it is the last. */
        PageOfConcurrencyKeyStatus: {
            items: components["schemas"]["ConcurrencyKeyStatus"][];
            nextCursor: null | string;
        };
        /** @description A page of a list; without a next cursor it is the last. */
        PageOfDeadLetterGroup: {
            items: components["schemas"]["DeadLetterGroup"][];
            nextCursor: null | string;
        };
        /** @description A page of a list; without a next cursor it is the last. */
        PageOfEventItem: {
            items: components["schemas"]["EventItem"][];
            nextCursor: null | string;
        };
        /** @description A page of a list; without a next cursor it is the last. */
        PageOfJobItem: {
            items: components["schemas"]["JobItem"][];
            nextCursor: null | string;
        };
        /** @description A page of a list; without a next cursor it is the last. */
        PageOfOperationView: {
            items: components["schemas"]["OperationView"][];
            nextCursor: null | string;
        };
        /** @description A page of a list; without a next cursor it is the last. */
        PageOfQueueStatus: {
            items: components["schemas"]["QueueStatus"][];
            nextCursor: null | string;
        };
        /** @description A page of a list; without a next cursor it is the last. */
        PageOfSavedJobVersion: {
            items: components["schemas"]["SavedJobVersion"][];
            nextCursor: null | string;
        };
        /** @description A page of a list; without a next cursor it is the last. */
        PageOfScheduleView: {
            items: components["schemas"]["ScheduleView"][];
            nextCursor: null | string;
        };
        /** @description A page of a list; without a next cursor it is the last. */
        PageOfSparkTaskView: {
            items: components["schemas"]["SparkTaskView"][];
            nextCursor: null | string;
        };
        /** @description A page of a list; without a next cursor it is the last. */
        PageOfTaskItem: {
            items: components["schemas"]["TaskItem"][];
            nextCursor: null | string;
        };
        /** @description A page of a list; without a next cursor it is the last. */
        PageOfTenantStatus: {
            items: components["schemas"]["TenantStatus"][];
            nextCursor: null | string;
        };
        /** @description A page of a list; without a next cursor it is the last. */
        PageOfWorkerStatus: {
            items: components["schemas"]["WorkerStatus"][];
            nextCursor: null | string;
        };
        /**
         * @description How long a partition of the history is.
         * @enum {unknown}
         */
        PartitionWidth: "day" | "week" | "month";
        /** @description Why something is paused or drained; it may be left out. */
        PauseRequest: {
            /** @description In words, for those who find it so. */
            reason?: null | string;
        };
        /** @description The 50th, 95th and 99th percentile of a length of time, in milliseconds; null where there is none. */
        Percentiles: {
            /** Format: double */
            p50Ms: null | number;
            /** Format: double */
            p95Ms: null | number;
            /** Format: double */
            p99Ms: null | number;
        };
        /** @description Which executions get another priority. */
        PrioritizeExecutionsRequest: {
            /** @description Says that all are meant, where nothing else is given. */
            all?: null | boolean;
            /** @description Only says how many would be changed. */
            dryRun?: null | boolean;
            /** @description Those that are meant, up to 10,000; then nothing else says which. */
            ids?: null | string[];
            /** @description The exact name of the job. */
            job?: null | string;
            priority?: null | components["schemas"]["JsonNode"];
            /** @description Part of the job's name or of the label; of executions also an id, of dead letters also part of the error's message. */
            q?: null | string;
            /** @description The exact queue. */
            queue?: null | string;
            /** @description The name of the schedule that started them. */
            schedule?: null | string;
            /** @description Accepted at this instant or later; of dead letters, failed for good. */
            since?: null | string;
            /** @description Any of these states; retrying is one, as in the list. */
            state?: null | string[];
            /** @description One of the tags. */
            tag?: null | string;
            /** @description Accepted before this instant; of dead letters, failed for good. */
            until?: null | string;
        };
        /** @description The body of every answer that is an error (RFC 9457). */
        ProblemDocument: {
            detail?: null | string;
            /** @description Everything wrong with the request, at once. */
            errors?: null | components["schemas"]["ProblemError"][];
            instance?: null | string;
            /** Format: int32 */
            status: number;
            title: string;
            /** @description Finds the request in the server's log. */
            traceId?: null | string;
            type: string;
        };
        /** @description One fault: of the body at a JSON pointer, or of a parameter of the address. */
        ProblemError: {
            code: string;
            detail: string;
            /** Format: int32 */
            line?: null | number;
            parameter?: null | string;
            pointer?: null | string;
        };
        /** @description What waits and runs in a queue. int QueueLoad.Workers counts the live ones that serve it. */
        QueueLoad: {
            /** Format: int64 */
            blocked: number;
            name: string;
            /** Format: double */
            oldestWaitSeconds: null | number;
            paused: boolean;
            /** Format: int64 */
            queued: number;
            /** Format: int64 */
            runningBackground: number;
            /** Format: int64 */
            runningDirect: number;
            /** Format: int64 */
            waitingRetry: number;
            /** Format: int32 */
            workers: number;
        };
        /** @description How a queue is to run. */
        QueueRequest: {
            /** @description background or direct; as it is when missing, background for a new one. */
            lane?: null | string;
            /**
             * Format: int32
             * @description Most tasks that may wait in it, then 429; no limit when missing.
             */
            maxQueued?: null | number;
            /**
             * Format: int32
             * @description Most tasks at a time over all workers; no limit when missing.
             */
            maxRunning?: null | number;
            /**
             * Format: int32
             * @description Most tasks that start in any stretch of perSeconds; no limit when missing.
             */
            maxStarts?: null | number;
            /**
             * Format: double
             * @description The length of that stretch; with maxStarts, 1 when missing.
             */
            perSeconds?: null | number;
        };
        /** @description A queue with what waits and runs in it now. */
        QueueStatus: {
            /** @description What the caller may do to it now; filled in for whoever is shown it. */
            actions?: components["schemas"]["ObjectAction"][];
            /**
             * Format: int64
             * @description Tasks that wait for others.
             */
            blocked: number;
            /**
             * Format: int64
             * @description Tasks that wait for a worker or for their next attempt.
             */
            depth: number;
            /** @description Why it starts nothing now although something is due; null where it starts tasks, or has none. */
            heldBecause: null | string;
            /**
             * Format: double
             * @description Tasks that are accepted for it a second, over the last minute.
             */
            inPerSecond: number;
            /** @description What carries its tasks to a worker. */
            lane: string;
            /**
             * Format: int32
             * @description How many may wait.
             */
            maxQueued: null | number;
            /**
             * Format: int32
             * @description How many of its tasks may run at a time.
             */
            maxRunning: null | number;
            /**
             * Format: int32
             * @description How many may start in PerSeconds.
             */
            maxStarts: null | number;
            /** @description Its name. */
            name: string;
            /**
             * Format: double
             * @description How long the oldest that is due has waited.
             */
            oldestWaitSeconds: null | number;
            /**
             * Format: double
             * @description Tasks of it that end a second, over the last minute.
             */
            outPerSecond: number;
            /**
             * Format: date-time
             * @description Since when it starts nothing.
             */
            pausedAt: null | string;
            /** @description Who paused it. */
            pausedBy: null | string;
            /** @description Why. */
            pauseReason: null | string;
            /**
             * Format: double
             * @description The stretch of time of MaxStarts.
             */
            perSeconds: null | number;
            /**
             * Format: int64
             * @description Tasks that wait for a worker.
             */
            queued: number;
            /**
             * Format: int64
             * @description Tasks that run.
             */
            running: number;
            /**
             * Format: int64
             * @description Tasks that wait for their next attempt.
             */
            waitingRetry: number;
            /**
             * Format: int32
             * @description Live workers that serve it.
             */
            workers: number;
        };
        /** @description The last values of a duration: how many there were since the start of the process, and of the last 1,024 the median and the 99th percentile in milliseconds. */
        RecentFigures: {
            /** Format: int64 */
            count: number;
            /** Format: double */
            p50Ms: number;
            /** Format: double */
            p99Ms: number;
        };
        /** @description Values to change; the others stay as they were. */
        RerunRequest: {
            parameters?: null | components["schemas"]["JsonObject"];
        };
        /** @description What a task needs of a worker; 0 is no demand. */
        ResourceItem: {
            /** Format: double */
            cpus: number;
            labels: string[];
            /** Format: int64 */
            memoryBytes: number;
        };
        /** @description The last round of retention, and when the next one is due. Report: what it removed; null while there was none. */
        RetentionRun: {
            /** Format: date-time */
            beganAt: null | string;
            /** Format: date-time */
            endedAt: null | string;
            error: null | string;
            /** Format: date-time */
            nextAt: string;
            report: null | components["schemas"]["JsonNode"];
        };
        /** @description How long what has ended is kept, as configured. */
        RetentionSettings: {
            deadLetters: string;
            history: string;
            idempotencyKeys: string;
            logs: string;
            partition: components["schemas"]["PartitionWidth"];
        };
        /** @description Which executions are to be taken up again. */
        RetryExecutionsRequest: {
            /** @description Says that all are meant, where nothing else is given. */
            all?: null | boolean;
            /** @description Only says how many would be changed. */
            dryRun?: null | boolean;
            /** @description Those that are meant, up to 10,000; then nothing else says which. */
            ids?: null | string[];
            /** @description The exact name of the job. */
            job?: null | string;
            /** @description Part of the job's name or of the label; of executions also an id, of dead letters also part of the error's message. */
            q?: null | string;
            /** @description The exact queue. */
            queue?: null | string;
            /** @description The name of the schedule that started them. */
            schedule?: null | string;
            /** @description Accepted at this instant or later; of dead letters, failed for good. */
            since?: null | string;
            /** @description Any of these states; retrying is one, as in the list. */
            state?: null | string[];
            /** @description One of the tags. */
            tag?: null | string;
            /** @description Accepted before this instant; of dead letters, failed for good. */
            until?: null | string;
        };
        /** @description A retry policy that jobs may name. */
        RetryPolicyView: {
            backoff: components["schemas"]["Backoff"];
            builtIn: boolean;
            /** Format: double */
            factor: null | number;
            /** Format: double */
            initialDelaySeconds: number;
            jitter: components["schemas"]["Jitter"];
            /** Format: int32 */
            maxAttempts: number;
            /** Format: double */
            maxDelaySeconds: number;
            /** Format: double */
            maxElapsedSeconds: null | number;
            name: string;
        };
        /** @description Which tasks are to run again; without any those that ended without success. */
        RetryRequest: {
            /** @description One task, by its name, and with it all that depends on it. */
            task?: null | string;
            /** @description Several of them. */
            tasks?: null | string[];
        };
        /**
         * @description What a caller may do; each role may do all that the ones before it may.
         * @enum {unknown}
         */
        Role: "viewer" | "operator" | "admin";
        /** @description When a version of a job was saved, and by whom. */
        SavedJobVersion: {
            /** Format: date-time */
            createdAt: string;
            createdBy: null | string;
            /** Format: int32 */
            version: number;
        };
        /** @description The next due times, soonest first, and which changes of the clocks touch them or come within a year. */
        SchedulePreview: {
            cron: string;
            notes: components["schemas"]["ClockNoteView"][];
            times: components["schemas"]["DueTime"][];
            timeZone: string;
        };
        /** @description A cron line to be tried out. */
        SchedulePreviewRequest: {
            /** @description The times after this instant, now if not given. */
            after?: null | string;
            /**
             * Format: int32
             * @description How many times, 10 if not given.
             */
            count?: null | number;
            cron?: null | string;
            /** @description A name of the IANA database; UTC when it is missing. */
            timeZone?: null | string;
        };
        /** @description What a schedule is to be. */
        ScheduleRequest: {
            cron?: null | string;
            job?: null | string;
            parameters?: null | components["schemas"]["JsonObject"];
            /** @description Leaves it as it is when missing; a new one is not paused. */
            paused?: null | boolean;
            /** @description A name of the IANA database; UTC when it is missing. */
            timeZone?: null | string;
        };
        /** @description An execution that a schedule started, and what went wrong with it. */
        ScheduleRun: {
            /** Format: int64 */
            durationMs: null | number;
            errorMessage: null | string;
            /** Format: date-time */
            finishedAt: null | string;
            /** Format: uuid */
            id: string;
            /** Format: date-time */
            startedAt: null | string;
            state: components["schemas"]["ExecutionState"];
        };
        /** @description Values for one execution that a schedule is to start now. */
        ScheduleTriggerRequest: {
            idempotencyKey?: null | string;
            parameters?: null | components["schemas"]["JsonObject"];
        };
        /**
         * @description A schedule. `fromJob`: it is part of the job's file, and its cron line and time zone change there. `lastExecution` is what became of the
         *     last one that it started; null when it is gone, or another tenant's. `actions` is what the caller may do to it now.
         */
        ScheduleView: {
            actions: components["schemas"]["ObjectAction"][];
            /** Format: date-time */
            createdAt: string;
            createdBy: null | string;
            cron: string;
            fromJob: boolean;
            job: string;
            /** Format: date-time */
            lastDueAt: null | string;
            lastError: null | string;
            lastExecution: null | components["schemas"]["ScheduleRun"];
            /** Format: uuid */
            lastExecutionId: null | string;
            /** Format: date-time */
            lastFiredAt: null | string;
            name: string;
            /** Format: date-time */
            nextAt: null | string;
            parameters: components["schemas"]["JsonObject"];
            /** Format: date-time */
            pausedAt: null | string;
            pausedBy: null | string;
            pauseReason: null | string;
            timeZone: string;
            /** Format: date-time */
            updatedAt: string;
            /** Format: int32 */
            version: number;
        };
        /** @description Who the caller is to this server. */
        SessionView: {
            anonymous: boolean;
            name: string;
            role: components["schemas"]["Role"];
            tenant: string;
        };
        SignInRequest: {
            key?: null | string;
        };
        SkipRequest: {
            reason?: null | string;
        };
        /** @description An application on its cluster. `ui` is the address of its pages on this server. */
        SparkApplicationView: {
            applicationId: null | string;
            /** Format: int32 */
            attempt: number;
            /** Format: date-time */
            chosenAt: string;
            cluster: string;
            deployMode: string;
            /** Format: date-time */
            endedAt: null | string;
            identity: string;
            pendingCause: null | string;
            state: string;
            submissionId: null | string;
            trackingUrl: null | string;
            ui: string;
        };
        /** @description The clusters, and the sizes that a job may name on any of them. */
        SparkClusterPage: {
            items: components["schemas"]["SparkClusterView"][];
            nextCursor: null | string;
            sizes: {
                [key: string]: components["schemas"]["SparkSizeOptions"];
            };
        };
        /** @description How a cluster was. */
        SparkClusterReport: {
            /**
             * Format: date-time
             * @description When it was asked.
             */
            checkedAt: string;
            /**
             * Format: double
             * @description How long the answer took.
             */
            durationMs: number;
            /** @description In words for people, with addresses; empty for nothing to say. */
            message: string;
            /**
             * Format: int32
             * @description Machines that take work.
             */
            nodes: null | number;
            /**
             * Format: double
             * @description Cores that it has; null where it does not say.
             */
            totalCores: null | number;
            /**
             * Format: int64
             * @description Memory that it has.
             */
            totalMemoryBytes: null | number;
            /** @description Whether it works. */
            up: boolean;
            /**
             * Format: double
             * @description Cores that are given away, to anybody.
             */
            usedCores: null | number;
            /**
             * Format: int64
             * @description Memory that is given away.
             */
            usedMemoryBytes: null | number;
            /**
             * Format: double
             * @description Used over all cores, 0 to 1; null where the cluster does not tell.
             */
            utilization?: null | number;
        };
        /** @description A cluster that jobs can name. `health` is missing for `local[...]`, and before a cluster was asked for the first time. */
        SparkClusterView: {
            default: boolean;
            deployMode: string;
            eventLogDir: null | string;
            health: null | components["schemas"]["SparkClusterReport"];
            installation: null | string;
            kind: null | string;
            master: string;
            name: string;
            namespace: null | string;
            queue: null | string;
            /** Format: int32 */
            runningApplications: number;
        };
        /** @description Figures that a job takes by the name of the size. */
        SparkSizeOptions: {
            /**
             * Format: int32
             * @description Cores of the driver.
             */
            driverCores?: null | number;
            /** @description Memory of the driver, as Spark writes it: `2g`. */
            driverMemory?: null | string;
            /**
             * Format: int32
             * @description Cores of an executor.
             */
            executorCores?: null | number;
            /**
             * Format: int32
             * @description How many executors.
             */
            executorInstances?: null | number;
            /** @description Memory of an executor. */
            executorMemory?: null | string;
        };
        /**
         * @description A Spark task and its newest application. `facts`, `advice` and `cost` are there when it has ended; `comparison` when the job has
         *     run well before.
         */
        SparkTaskView: {
            advice: null | components["schemas"]["JsonNode"];
            application: null | components["schemas"]["SparkApplicationView"];
            comparison: null | components["schemas"]["JsonNode"];
            cost: null | components["schemas"]["JsonNode"];
            facts: null | components["schemas"]["JsonNode"];
            state: components["schemas"]["TaskState"];
            task: string;
            /** Format: uuid */
            taskId: string;
        };
        /** @description Part of a table, or a table that is not divided: about how many rows it has, as the last vacuum or analyze counted them, and its bytes on disk. */
        TablePart: {
            /** Format: int64 */
            bytes: number;
            /** Format: int64 */
            rows: number;
            table: string;
        };
        /** @description What a submit answers. */
        TaskAccepted: {
            jobId: null | string;
            queue: string;
            state: components["schemas"]["ExecutionState"];
            /** Format: uuid */
            taskId: string;
        };
        /** @description What a cancel answers. */
        TaskCancelled: {
            /** Format: date-time */
            cancelRequestedAt: null | string;
            state: components["schemas"]["ExecutionState"];
        };
        /** @description A task of an execution. `actions` is what the caller may do to it now; it is a dead letter as long as it may be requeued. */
        TaskItem: {
            /** Format: date-time */
            acceptedAt: string;
            actions: components["schemas"]["ObjectAction"][];
            /** Format: int32 */
            attempt: number;
            /** Format: date-time */
            attemptStartedAt: null | string;
            /** Format: int64 */
            backgroundJobId: null | number;
            backgroundJobUrl: null | string;
            /** Format: date-time */
            cancelRequestedAt: null | string;
            dependsOn: string[];
            error: null | components["schemas"]["JsonObject"];
            /** Format: int32 */
            failures: number;
            /** Format: date-time */
            finishedAt: null | string;
            /** Format: uuid */
            id: string;
            lane: string;
            /** Format: int32 */
            lost: number;
            /** Format: int32 */
            maxAttempts: number;
            metrics: null | components["schemas"]["JsonObject"];
            name: string;
            /** Format: date-time */
            nextAttemptAt: null | string;
            /** Format: int32 */
            ordinal: number;
            outputs: null | components["schemas"]["JsonObject"];
            parts: null | components["schemas"]["JsonNode"];
            /** Format: double */
            progress: null | number;
            progressMessage: null | string;
            queue: string;
            /** Format: date-time */
            queuedAt: null | string;
            /** Format: int32 */
            queuePosition: null | number;
            reason: null | string;
            resources: components["schemas"]["ResourceItem"];
            /** Format: date-time */
            startedAt: null | string;
            state: components["schemas"]["TaskState"];
            type: string;
            waitReason: null | string;
            worker: null | string;
        };
        /** @description Where an execution stands that has no result yet. */
        TaskPending: {
            /** Format: double */
            progress: null | number;
            state: components["schemas"]["ExecutionState"];
            /** Format: uuid */
            taskId: string;
            waitReason: null | string;
        };
        /** @description The results of a succeeded execution; `preview` is the first of `previews`. */
        TaskResult: {
            outputs: components["schemas"]["JsonObject"];
            preview: null | components["schemas"]["JsonNode"];
            previews: unknown[];
            state: components["schemas"]["ExecutionState"];
            /** Format: uuid */
            taskId: string;
        };
        /**
         * @description The life of a task. Written in JSON and SQL in snake_case (StateNames).
         * @enum {unknown}
         */
        TaskState: "blocked" | "queued" | "running" | "waiting_retry" | "succeeded" | "failed" | "cancelled" | "timed_out" | "skipped";
        /** @description An execution in the words of the task API: `jobId` is the client's own label. */
        TaskView: {
            /** Format: date-time */
            acceptedAt: string;
            /** Format: int32 */
            attempt: number;
            /** Format: date-time */
            cancelRequestedAt: null | string;
            error: null | components["schemas"]["JsonObject"];
            /** Format: int32 */
            failures: number;
            /** Format: date-time */
            finishedAt: null | string;
            jobId: null | string;
            jobType: string;
            /** Format: int32 */
            maxAttempts: number;
            metrics: null | components["schemas"]["JsonObject"];
            name: string;
            outputs: null | components["schemas"]["JsonObject"];
            /** Format: double */
            progress: null | number;
            progressMessage: null | string;
            queue: string;
            schedule: null | string;
            /** Format: date-time */
            scheduledFor: null | string;
            /** Format: date-time */
            startedAt: null | string;
            state: components["schemas"]["ExecutionState"];
            /** Format: uuid */
            taskId: string;
            tasks: components["schemas"]["TaskItem"][];
            trigger: string;
            waitReason: null | string;
            worker: null | string;
        };
        /** @description What share of a queue a tenant gets. */
        TenantRequest: {
            /**
             * Format: int32
             * @description Twice the weight of another tenant is twice as many tasks.
             */
            weight?: null | number;
        };
        /** @description A tenant: its weight beside others in a queue, and how many of its tasks run and wait now. */
        TenantStatus: {
            /** @description What the caller may do to it now; filled in for whoever is shown it. */
            actions?: components["schemas"]["ObjectAction"][];
            /** Format: date-time */
            createdAt: string;
            name: string;
            /** Format: int64 */
            running: number;
            /** Format: int64 */
            waiting: number;
            /** Format: int32 */
            weight: number;
        };
        /**
         * @description How a worker is, in one word.
         * @enum {unknown}
         */
        WorkerCondition: "alive" | "suspect" | "lost" | "draining" | "paused" | "stopped";
        /** @description A worker; bool WorkerStatus.Alive is whether it holds a lease now by the database's clock, int WorkerStatus.Running what it has claimed and not ended, int WorkerStatus.RunningDirect how much of that on the direct lane, IReadOnlyList&lt;WorkerTask&gt; WorkerStatus.CurrentTasks those of it that began first. double? WorkerStatus.CpuUsed: cores in use by it and its children, as of its last heartbeat. */
        WorkerStatus: {
            /** @description What the caller may do to it now; filled in for whoever is shown it. */
            actions?: components["schemas"]["ObjectAction"][];
            alive: boolean;
            condition: components["schemas"]["WorkerCondition"];
            /** Format: double */
            cpus: number;
            /** Format: double */
            cpuUsed: null | number;
            currentTasks: components["schemas"]["WorkerTask"][];
            /** Format: int32 */
            directSlots: number;
            /** Format: date-time */
            drainRequestedAt: null | string;
            /** Format: date-time */
            endedAt: null | string;
            engines: string[];
            /** Format: date-time */
            heartbeatAt: string;
            host: string;
            /** Format: uuid */
            id: string;
            labels: string[];
            /** Format: date-time */
            leaseUntil: string;
            /** Format: int64 */
            memoryBytes: number;
            /** Format: int64 */
            memoryUsedBytes: null | number;
            name: string;
            /** Format: date-time */
            pausedAt: null | string;
            pausedBy: null | string;
            pauseReason: null | string;
            /** Format: int32 */
            processId: number;
            queues: string[];
            /** Format: int32 */
            running: number;
            /** Format: int32 */
            runningDirect: number;
            /** Format: int32 */
            slots: number;
            /** Format: date-time */
            startedAt: string;
            state: string;
            version: string;
        };
        /** @description A task that a worker runs. */
        WorkerTask: {
            /** Format: int32 */
            attempt: number;
            execution: string;
            /** Format: uuid */
            executionId: string;
            /** Format: double */
            progress: null | number;
            queue: string;
            /** Format: date-time */
            startedAt: null | string;
            task: string;
            /** Format: uuid */
            taskId: string;
            type: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type ApiKeyInfo = components['schemas']['ApiKeyInfo'];
export type AttemptDetail = components['schemas']['AttemptDetail'];
export type AttemptLogSize = components['schemas']['AttemptLogSize'];
export type AttemptOutcome = components['schemas']['AttemptOutcome'];
export type Backoff = components['schemas']['Backoff'];
export type BatchAccepted = components['schemas']['BatchAccepted'];
export type BatchItem = components['schemas']['BatchItem'];
export type CancelExecutionsRequest = components['schemas']['CancelExecutionsRequest'];
export type CancelRequest = components['schemas']['CancelRequest'];
export type CircuitBreakerStatus = components['schemas']['CircuitBreakerStatus'];
export type ClockChange = components['schemas']['ClockChange'];
export type ClockNoteView = components['schemas']['ClockNoteView'];
export type ConcurrencyKeyRequest = components['schemas']['ConcurrencyKeyRequest'];
export type ConcurrencyKeyStatus = components['schemas']['ConcurrencyKeyStatus'];
export type CoreCounts = components['schemas']['CoreCounts'];
export type CoreLoad = components['schemas']['CoreLoad'];
export type DeadLetter = components['schemas']['DeadLetter'];
export type DeadLetterDetail = components['schemas']['DeadLetterDetail'];
export type DeadLetterGroup = components['schemas']['DeadLetterGroup'];
export type DeadLetterPage = components['schemas']['DeadLetterPage'];
export type DeadLetterRequest = components['schemas']['DeadLetterRequest'];
export type DeadLettersChanged = components['schemas']['DeadLettersChanged'];
export type DeadLettersOfOne = components['schemas']['DeadLettersOfOne'];
export type DueTime = components['schemas']['DueTime'];
export type EventItem = components['schemas']['EventItem'];
export type ExecutionChanged = components['schemas']['ExecutionChanged'];
export type ExecutionCountsView = components['schemas']['ExecutionCountsView'];
export type ExecutionDetail = components['schemas']['ExecutionDetail'];
export type ExecutionItem = components['schemas']['ExecutionItem'];
export type ExecutionPage = components['schemas']['ExecutionPage'];
export type ExecutionPoint = components['schemas']['ExecutionPoint'];
export type ExecutionSeries = components['schemas']['ExecutionSeries'];
export type ExecutionsMatched = components['schemas']['ExecutionsMatched'];
export type ExecutionState = components['schemas']['ExecutionState'];
export type FailureClassView = components['schemas']['FailureClassView'];
export type HealthCheck = components['schemas']['HealthCheck'];
export type HealthReport = components['schemas']['HealthReport'];
export type HistoryPart = components['schemas']['HistoryPart'];
export type Jitter = components['schemas']['Jitter'];
export type JobItem = components['schemas']['JobItem'];
export type JobLastRun = components['schemas']['JobLastRun'];
export type JobRun = components['schemas']['JobRun'];
export type JobRunCell = components['schemas']['JobRunCell'];
export type JobRunGrid = components['schemas']['JobRunGrid'];
export type JobRunRequest = components['schemas']['JobRunRequest'];
export type JobValidated = components['schemas']['JobValidated'];
export type JobView = components['schemas']['JobView'];
export type JsonArray = components['schemas']['JsonArray'];
export type JsonNode = components['schemas']['JsonNode'];
export type JsonObject = components['schemas']['JsonObject'];
export type KeyCreated = components['schemas']['KeyCreated'];
export type KeyRequest = components['schemas']['KeyRequest'];
export type LevelCounts = components['schemas']['LevelCounts'];
export type LineLevel = components['schemas']['LineLevel'];
export type LiveWorker = components['schemas']['LiveWorker'];
export type LogHit = components['schemas']['LogHit'];
export type LogHitBucket = components['schemas']['LogHitBucket'];
export type LogLine = components['schemas']['LogLine'];
export type LogPage = components['schemas']['LogPage'];
export type LogSearchPage = components['schemas']['LogSearchPage'];
export type LogStream = components['schemas']['LogStream'];
export type LogSummary = components['schemas']['LogSummary'];
export type MgmtConfig = components['schemas']['MgmtConfig'];
export type MgmtCore = components['schemas']['MgmtCore'];
export type MgmtOverview = components['schemas']['MgmtOverview'];
export type MgmtRetention = components['schemas']['MgmtRetention'];
export type MgmtRetryPolicies = components['schemas']['MgmtRetryPolicies'];
export type MissingLog = components['schemas']['MissingLog'];
export type MoveExecutionsRequest = components['schemas']['MoveExecutionsRequest'];
export type MoveRequest = components['schemas']['MoveRequest'];
export type ObjectAction = components['schemas']['ObjectAction'];
export type OperationState = components['schemas']['OperationState'];
export type OperationView = components['schemas']['OperationView'];
export type PageOfApiKeyInfo = components['schemas']['PageOfApiKeyInfo'];
export type PageOfAttemptDetail = components['schemas']['PageOfAttemptDetail'];
export type PageOfCircuitBreakerStatus = components['schemas']['PageOfCircuitBreakerStatus'];
export type PageOfConcurrencyKeyStatus = components['schemas']['PageOfConcurrencyKeyStatus'];
export type PageOfDeadLetterGroup = components['schemas']['PageOfDeadLetterGroup'];
export type PageOfEventItem = components['schemas']['PageOfEventItem'];
export type PageOfJobItem = components['schemas']['PageOfJobItem'];
export type PageOfOperationView = components['schemas']['PageOfOperationView'];
export type PageOfQueueStatus = components['schemas']['PageOfQueueStatus'];
export type PageOfSavedJobVersion = components['schemas']['PageOfSavedJobVersion'];
export type PageOfScheduleView = components['schemas']['PageOfScheduleView'];
export type PageOfSparkTaskView = components['schemas']['PageOfSparkTaskView'];
export type PageOfTaskItem = components['schemas']['PageOfTaskItem'];
export type PageOfTenantStatus = components['schemas']['PageOfTenantStatus'];
export type PageOfWorkerStatus = components['schemas']['PageOfWorkerStatus'];
export type PartitionWidth = components['schemas']['PartitionWidth'];
export type PauseRequest = components['schemas']['PauseRequest'];
export type Percentiles = components['schemas']['Percentiles'];
export type PrioritizeExecutionsRequest = components['schemas']['PrioritizeExecutionsRequest'];
export type ProblemDocument = components['schemas']['ProblemDocument'];
export type ProblemError = components['schemas']['ProblemError'];
export type QueueLoad = components['schemas']['QueueLoad'];
export type QueueRequest = components['schemas']['QueueRequest'];
export type QueueStatus = components['schemas']['QueueStatus'];
export type RecentFigures = components['schemas']['RecentFigures'];
export type RerunRequest = components['schemas']['RerunRequest'];
export type ResourceItem = components['schemas']['ResourceItem'];
export type RetentionRun = components['schemas']['RetentionRun'];
export type RetentionSettings = components['schemas']['RetentionSettings'];
export type RetryExecutionsRequest = components['schemas']['RetryExecutionsRequest'];
export type RetryPolicyView = components['schemas']['RetryPolicyView'];
export type RetryRequest = components['schemas']['RetryRequest'];
export type Role = components['schemas']['Role'];
export type SavedJobVersion = components['schemas']['SavedJobVersion'];
export type SchedulePreview = components['schemas']['SchedulePreview'];
export type SchedulePreviewRequest = components['schemas']['SchedulePreviewRequest'];
export type ScheduleRequest = components['schemas']['ScheduleRequest'];
export type ScheduleRun = components['schemas']['ScheduleRun'];
export type ScheduleTriggerRequest = components['schemas']['ScheduleTriggerRequest'];
export type ScheduleView = components['schemas']['ScheduleView'];
export type SessionView = components['schemas']['SessionView'];
export type SignInRequest = components['schemas']['SignInRequest'];
export type SkipRequest = components['schemas']['SkipRequest'];
export type SparkApplicationView = components['schemas']['SparkApplicationView'];
export type SparkClusterPage = components['schemas']['SparkClusterPage'];
export type SparkClusterReport = components['schemas']['SparkClusterReport'];
export type SparkClusterView = components['schemas']['SparkClusterView'];
export type SparkSizeOptions = components['schemas']['SparkSizeOptions'];
export type SparkTaskView = components['schemas']['SparkTaskView'];
export type TablePart = components['schemas']['TablePart'];
export type TaskAccepted = components['schemas']['TaskAccepted'];
export type TaskCancelled = components['schemas']['TaskCancelled'];
export type TaskItem = components['schemas']['TaskItem'];
export type TaskPending = components['schemas']['TaskPending'];
export type TaskResult = components['schemas']['TaskResult'];
export type TaskState = components['schemas']['TaskState'];
export type TaskView = components['schemas']['TaskView'];
export type TenantRequest = components['schemas']['TenantRequest'];
export type TenantStatus = components['schemas']['TenantStatus'];
export type WorkerCondition = components['schemas']['WorkerCondition'];
export type WorkerStatus = components['schemas']['WorkerStatus'];
export type WorkerTask = components['schemas']['WorkerTask'];
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
