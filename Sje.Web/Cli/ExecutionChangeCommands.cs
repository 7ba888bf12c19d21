using System.CommandLine;
using System.Text.Json.Nodes;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary><c>cancel</c>, <c>retry</c>, <c>priority</c>, <c>move</c> of one or many executions, <c>rerun</c> and <c>skip</c> of one.</summary>
internal static class ExecutionChangeCommands
{
    private static readonly Option<string> Reason = new("--reason") { Description = "Why, for the record" };
    private static readonly Option<string[]> RetriedTasks = new("--task")
    {
        Description = "Only this task, also if it succeeded, and all that depends on it; may be repeated",
    };
    private static readonly Option<string> SkippedTask = new("--task")
    {
        Description = "The task to skip [default: the only one]",
    };
    private static readonly Option<string> Priority = new("--priority")
    {
        Description = "low, normal, high, urgent, critical, or -100 to 100",
    };
    private static readonly Option<string> Queue = new("--queue") { Description = "A queue of the same lane" };
    private static readonly Argument<string> NewPriority = new("priority")
    {
        Description = "low, normal, high, urgent, critical, or -100 to 100",
    };

    public static IEnumerable<Command> Create()
    {
        var cancel = ClientOptions.With(
            new Command("cancel", "Stop executions: one, several, or all that match") { Reason }
        );
        var cancelled = new ExecutionChoice(cancel);
        cancel.SetAction((parsed, stop) => CancelAsync(parsed, cancelled, stop));

        var retry = ClientOptions.With(
            new Command(
                "retry",
                "Run again what did not succeed, in the same executions: new attempts, failures from 0"
            )
            {
                RetriedTasks,
                Submitted.Wait,
            }
        );
        var retried = new ExecutionChoice(retry);
        retry.SetAction((parsed, stop) => RetryAsync(parsed, retried, stop));

        var rerun = ClientOptions.With(
            new Command("rerun", "Start a new execution of the same job text; parameters may change")
            {
                ExecutionCommands.Id,
                JobFile.Parameters,
                Submitted.Wait,
            }
        );
        rerun.SetAction(RerunAsync);

        var priority = ClientOptions.With(
            new Command("priority", "Change the priority of what waits of executions") { NewPriority }
        );
        var prioritized = new ExecutionChoice(priority);
        priority.SetAction((parsed, stop) => PrioritizeAsync(parsed, prioritized, stop));

        var move = ClientOptions.With(
            new Command("move", "Change the queue, or the priority, of what waits of executions") { Queue, Priority }
        );
        var moved = new ExecutionChoice(move, "--from-queue");
        move.SetAction((parsed, stop) => MoveAsync(parsed, moved, stop));

        var skip = ClientOptions.With(
            new Command("skip", "Skip a task that waits, and with it what depends on it")
            {
                ExecutionCommands.Id,
                SkippedTask,
                Reason,
            }
        );
        skip.SetAction(SkipAsync);
        return [cancel, retry, rerun, priority, move, skip];
    }

    private static async Task<int> CancelAsync(ParseResult parsed, ExecutionChoice choice, CancellationToken stop)
    {
        var change = new JsonObject();
        if (parsed.GetValue(Reason) is { } reason)
        {
            change["reason"] = reason;
        }

        return choice.Single(parsed) is { } id
            ? await ChangeOneAsync(parsed, HttpMethod.Post, id, "/cancel", change, "is asked to stop", stop)
            : await choice.ChangeAsync(parsed, "cancel", "cancelled", change, stop);
    }

    private static async Task<int> RetryAsync(ParseResult parsed, ExecutionChoice choice, CancellationToken stop)
    {
        var tasks = parsed.GetValue(RetriedTasks) ?? [];
        if (choice.Single(parsed) is not { } id)
        {
            return tasks.Length == 0 && !parsed.GetValue(Submitted.Wait)
                ? await choice.ChangeAsync(parsed, "retry", "taken up again", [], stop)
                : throw new FailureException("--task and --wait go with one execution.", ExitCodes.Usage);
        }

        var change = new JsonObject();
        if (tasks.Length > 0)
        {
            change["tasks"] = new JsonArray([.. tasks.Select(name => (JsonNode?)name)]);
        }

        var waits = parsed.GetValue(Submitted.Wait);
        var code = await ChangeOneAsync(
            parsed,
            HttpMethod.Post,
            id,
            "/retry",
            change,
            "is taken up again",
            stop,
            quiet: waits
        );
        if (!waits)
        {
            return code;
        }

        using var client = ClientOptions.Connect(parsed);
        var json = ClientOptions.Json(parsed);
        var end = await ExecutionWatch.WaitAsync(client, id, quiet: json, stop);
        return await ExecutionWatch.ReportAsync(client, end, json, stop);
    }

    private static async Task<int> RerunAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        var id = await ExecutionChoice.FindAsync(client, parsed.GetRequiredValue(ExecutionCommands.Id), stop);
        var body = new JsonObject();
        if (parsed.GetValue(JobFile.Parameters) is { Length: > 0 } given)
        {
            var declared = (await client.GetAsync($"api/v1/executions/{id}", stop))["job"]?["parameters"] as JsonObject;
            body["parameters"] = JobFile.Values(given, name => JobFile.IsText(declared?[name]));
        }

        var answer = await client.SendAsync(
            HttpMethod.Post,
            $"api/v1/executions/{id}/rerun",
            SjeClient.Json(body.ToJsonString()),
            null,
            stop
        );
        return await Submitted.FinishAsync(parsed, client, answer.Required, stop);
    }

    private static Task<int> PrioritizeAsync(ParseResult parsed, ExecutionChoice choice, CancellationToken stop)
    {
        var change = new JsonObject { ["priority"] = ExecutionChoice.Priority(parsed.GetRequiredValue(NewPriority)) };
        return choice.Single(parsed) is { } id
            ? ChangeOneAsync(parsed, HttpMethod.Patch, id, "", change, "is moved", stop)
            : choice.ChangeAsync(parsed, "prioritize", "moved", change, stop);
    }

    private static Task<int> MoveAsync(ParseResult parsed, ExecutionChoice choice, CancellationToken stop)
    {
        var (queue, priority) = (parsed.GetValue(Queue), parsed.GetValue(Priority));
        var change = new JsonObject();
        if (choice.Single(parsed) is { } id)
        {
            if (priority is not null)
            {
                change["priority"] = ExecutionChoice.Priority(priority);
            }

            if (queue is not null)
            {
                change["queue"] = queue;
            }

            return ChangeOneAsync(parsed, HttpMethod.Patch, id, "", change, "is moved", stop);
        }

        if (queue is null || priority is not null)
        {
            throw new FailureException(
                "Several are moved to a --queue; 'sje priority' changes the priority of several.",
                ExitCodes.Usage
            );
        }

        change["toQueue"] = queue;
        return choice.ChangeAsync(parsed, "move", "moved", change, stop);
    }

    private static async Task<int> SkipAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        var execution = await client.GetAsync(ExecutionCommands.Path(parsed), stop);
        var task =
            parsed.GetValue(SkippedTask)
            ?? (
                execution["tasks"] is JsonArray { Count: 1 } only
                    ? Show.Text(only[0]?["name"])
                    : throw new FailureException("It has several tasks: say which with --task.", ExitCodes.Usage)
            );
        var answer = (
            await client.SendAsync(
                HttpMethod.Post,
                $"api/v1/executions/{Show.Text(execution["taskId"])}/tasks/{Uri.EscapeDataString(task ?? "")}/skip",
                SjeClient.Json(new JsonObject { ["reason"] = parsed.GetValue(Reason) }.ToJsonString()),
                null,
                stop
            )
        ).Required;
        ExecutionChoice.Write(
            parsed,
            answer,
            $"task {task} of {parsed.GetRequiredValue(ExecutionCommands.Id)} is skipped (the execution is {Show.Text(answer["state"])})"
        );
        return ExitCodes.Ok;
    }

    private static async Task<int> ChangeOneAsync(
        ParseResult parsed,
        HttpMethod method,
        string idOrLabel,
        string word,
        JsonObject change,
        string did,
        CancellationToken stop,
        bool quiet = false
    )
    {
        using var client = ClientOptions.Connect(parsed);
        var id = await ExecutionChoice.FindAsync(client, idOrLabel, stop);
        var answer = (
            await client.SendAsync(
                method,
                $"api/v1/executions/{id}{word}",
                SjeClient.Json(change.ToJsonString()),
                null,
                stop
            )
        ).Required;
        if (!quiet)
        {
            ExecutionChoice.Write(parsed, answer, $"{idOrLabel} {did} (now {Show.Text(answer["state"])})");
        }

        return ExitCodes.Ok;
    }
}
