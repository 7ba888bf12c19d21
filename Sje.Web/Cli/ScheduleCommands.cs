using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary><c>schedules</c>: when saved jobs start by themselves.</summary>
internal static class ScheduleCommands
{
    private static readonly Argument<string> Name = new("name") { Description = "The schedule's name" };
    private static readonly Argument<string?> NameOrNone = new("name")
    {
        Description = "The schedule's name; none with --cron",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<string> OfJob = new("--job") { Description = "The saved job that it starts" };
    private static readonly Option<string> Cron = new("--cron")
    {
        Description =
            "When: minute hour day month weekday, as '0 6 * * 1-5'; six fields begin with seconds; or @daily and the like",
    };
    private static readonly Option<string> TimeZone = new("--time-zone")
    {
        Description = "The zone of its times, as Europe/Berlin [default: UTC]",
    };
    private static readonly Option<bool> Paused = new("--paused")
    {
        Description = "Let it start nothing until it is resumed",
    };
    private static readonly Option<int> Count = new("--count")
    {
        Description = "How many due times, up to 1000",
        DefaultValueFactory = _ => 10,
    };
    private static readonly Option<string> After = new("--after")
    {
        Description = "The times after this instant, as 2026-03-29T00:00:00Z; only with --cron [default: now]",
    };

    public static Command Create()
    {
        var schedules = ListCommands.List(
            "schedules",
            "Schedules: when saved jobs start by themselves",
            "api/v1/schedules",
            "There is no schedule.",
            ("schedule", schedule => Show.Text(schedule["name"])),
            ("job", schedule => Show.Text(schedule["job"])),
            ("cron", schedule => Show.Text(schedule["cron"])),
            ("zone", schedule => Show.Text(schedule["timeZone"])),
            ("next", schedule => schedule["pausedAt"] is null ? Show.Distance(schedule["nextAt"]) : "paused"),
            ("last", schedule => Show.Distance(schedule["lastFiredAt"])),
            ("error", schedule => Show.Text(schedule["lastError"]))
        );
        foreach (var option in ListCommands.OfSchedules)
        {
            schedules.Options.Add(option);
        }

        schedules.Subcommands.Add(ListCommands.AsWord(schedules));

        var show = ClientOptions.With(new Command("show", "Show a schedule") { Name });
        show.SetAction(ShowAsync);
        var set = ClientOptions.With(
            new Command("set", "Make a schedule, or change what is said of it")
            {
                Name,
                OfJob,
                Cron,
                TimeZone,
                JobFile.Parameters,
                Paused,
            }
        );
        set.SetAction(SetAsync);
        var pause = ClientOptions.With(new Command("pause", "Start nothing by itself until it is resumed") { Name });
        pause.SetAction((parsed, stop) => ChangeAsync(parsed, "pause", stop));
        var resume = ClientOptions.With(
            new Command("resume", "End a pause; what was due meanwhile is not made up") { Name }
        );
        resume.SetAction((parsed, stop) => ChangeAsync(parsed, "resume", stop));
        var trigger = ClientOptions.With(
            new Command("trigger", "Start its job now; its due times stay as they are")
            {
                Name,
                JobFile.Parameters,
                Submitted.Wait,
                Submitted.IdempotencyKey,
            }
        );
        trigger.SetAction(TriggerAsync);
        var preview = ClientOptions.With(
            new Command("preview", "Show the next due times of a schedule, or of a cron line")
            {
                NameOrNone,
                Cron,
                TimeZone,
                Count,
                After,
            }
        );
        preview.SetAction(PreviewAsync);
        var delete = ClientOptions.With(
            new Command("delete", "Delete a schedule; one that is part of a job goes from the job") { Name }
        );
        delete.SetAction(DeleteAsync);
        foreach (var word in new[] { show, set, pause, resume, trigger, preview, delete })
        {
            schedules.Subcommands.Add(word);
        }

        return schedules;
    }

    /// <summary>Where a schedule stands in the API.</summary>
    public static string Path(string name) => "api/v1/schedules/" + Uri.EscapeDataString(name);

    /// <summary>When it is due, in a line.</summary>
    public static string Describe(JsonNode schedule) =>
        $"{Show.Text(schedule["cron"])} ({Show.Text(schedule["timeZone"])}), "
        + (
            schedule["pausedAt"] is not null ? "paused"
            : schedule["nextAt"] is { } next ? $"next {Show.Distance(next)}, at {Show.Time(next)}"
            : "never again"
        );

    private static async Task<int> ShowAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        ShowOne(parsed, await client.GetAsync(Path(parsed.GetRequiredValue(Name)), stop));
        return ExitCodes.Ok;
    }

    private static async Task<int> SetAsync(ParseResult parsed, CancellationToken stop)
    {
        var name = parsed.GetRequiredValue(Name);
        using var client = ClientOptions.Connect(parsed);
        var found = await client.TryAsync(HttpMethod.Get, Path(name), null, null, stop);
        if (!found.IsSuccess && found.Status != HttpStatusCode.NotFound)
        {
            throw SjeClient.Refusal(found, name);
        }

        var present = found.IsSuccess ? found.Required : null;
        var job = parsed.GetValue(OfJob) ?? Show.Text(present?["job"]) ?? throw Missing(name, "--job");
        var cron = parsed.GetValue(Cron) ?? Show.Text(present?["cron"]) ?? throw Missing(name, "--cron");
        var values = present?["parameters"]?.DeepClone() as JsonObject ?? [];
        foreach (var (parameter, value) in await JobCommands.ValuesAsync(parsed, client, job, stop) ?? [])
        {
            // null takes a value away: the job's default then counts.
            values.Remove(parameter);
            if (value is not null)
            {
                values[parameter] = value.DeepClone();
            }
        }

        var body = new JsonObject
        {
            ["job"] = job,
            ["cron"] = cron,
            ["timeZone"] = parsed.GetValue(TimeZone) ?? Show.Text(present?["timeZone"]),
            ["parameters"] = values,
            ["paused"] = parsed.GetValue(Paused) ? true : null,
        };
        var answer = await client.SendAsync(
            HttpMethod.Put,
            Path(name),
            SjeClient.Json(body.ToJsonString()),
            new Dictionary<string, string>
            {
                // What was read is what is changed; somebody else's change meanwhile must not be lost.
                [present is null ? "If-None-Match" : "If-Match"] = present is null
                    ? "*"
                    : $"\"{Show.Text(present["version"])}\"",
            },
            stop
        );
        ShowOne(parsed, answer.Required);
        return ExitCodes.Ok;
    }

    private static async Task<int> ChangeAsync(ParseResult parsed, string word, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        var path = $"{Path(parsed.GetRequiredValue(Name))}/{word}";
        ShowOne(parsed, (await client.SendAsync(HttpMethod.Post, path, null, null, stop)).Required);
        return ExitCodes.Ok;
    }

    private static async Task<int> TriggerAsync(ParseResult parsed, CancellationToken stop)
    {
        var name = parsed.GetRequiredValue(Name);
        using var client = ClientOptions.Connect(parsed);
        var body = new JsonObject();
        if (parsed.GetValue(JobFile.Parameters) is { Length: > 0 })
        {
            var job = Show.Text((await client.GetAsync(Path(name), stop))["job"]) ?? "";
            body["parameters"] = await JobCommands.ValuesAsync(parsed, client, job, stop);
        }

        var answer = await client.SendAsync(
            HttpMethod.Post,
            Path(name) + "/trigger",
            SjeClient.Json(body.ToJsonString()),
            Submitted.Headers(parsed),
            stop
        );
        return await Submitted.FinishAsync(parsed, client, answer.Required, stop);
    }

    private static async Task<int> PreviewAsync(ParseResult parsed, CancellationToken stop)
    {
        var (name, cron) = (parsed.GetValue(NameOrNone), parsed.GetValue(Cron));
        if ((name is null) == (cron is null))
        {
            throw new FailureException("preview takes the name of a schedule, or --cron.", ExitCodes.Usage);
        }

        if (cron is null && (parsed.GetValue(TimeZone) ?? parsed.GetValue(After)) is not null)
        {
            throw new FailureException("--time-zone and --after go with --cron.", ExitCodes.Usage);
        }

        using var client = ClientOptions.Connect(parsed);
        var preview = cron is null
            ? await client.GetAsync($"{Path(name!)}/preview?count={parsed.GetValue(Count)}", stop) // One of the two is given.
            : (
                await client.SendAsync(
                    HttpMethod.Post,
                    "api/v1/schedules:preview",
                    SjeClient.Json(
                        new JsonObject
                        {
                            ["cron"] = cron,
                            ["timeZone"] = parsed.GetValue(TimeZone),
                            ["count"] = parsed.GetValue(Count),
                            ["after"] = parsed.GetValue(After),
                        }.ToJsonString()
                    ),
                    null,
                    stop
                )
            ).Required;
        if (ClientOptions.Json(parsed))
        {
            Show.Json(preview);
            return ExitCodes.Ok;
        }

        Show.List(
            new JsonObject { ["items"] = preview["times"]?.DeepClone() },
            "It is never due again.",
            ($"due ({Show.Text(preview["timeZone"])})", due => Show.Text(due["local"])),
            ("here", due => Show.Time(due["at"])),
            ("", due => Show.Distance(due["at"]))
        );
        return ExitCodes.Ok;
    }

    private static async Task<int> DeleteAsync(ParseResult parsed, CancellationToken stop)
    {
        var name = parsed.GetRequiredValue(Name);
        using var client = ClientOptions.Connect(parsed);
        await client.SendAsync(HttpMethod.Delete, Path(name), null, null, stop);
        Console.Error.WriteLine($"{name} is deleted");
        return ExitCodes.Ok;
    }

    private static void ShowOne(ParseResult parsed, JsonNode schedule)
    {
        if (ClientOptions.Json(parsed))
        {
            Show.Json(schedule);
            return;
        }

        Show.Facts([
            ("schedule", Show.Text(schedule["name"])),
            (
                "job",
                Show.Text(schedule["fromJob"]) == "true"
                    ? $"{Show.Text(schedule["job"])} (the schedule is part of it)"
                    : Show.Text(schedule["job"])
            ),
            ("due", Describe(schedule)),
            (
                "parameters",
                (schedule["parameters"] as JsonObject) is { Count: > 0 } values ? values.ToJsonString() : null
            ),
            ("paused", Show.Time(schedule["pausedAt"])),
            ("last due", Show.Time(schedule["lastDueAt"])),
            ("last started", Show.Time(schedule["lastFiredAt"])),
            ("last execution", Show.Text(schedule["lastExecutionId"])),
            ("error", Show.Text(schedule["lastError"])),
            ("version", Show.Text(schedule["version"])),
            ("by", Show.Text(schedule["createdBy"])),
        ]);
    }

    private static FailureException Missing(string name, string option) =>
        new($"There is no schedule '{name}' yet: to make one, give {option}.", ExitCodes.Usage);
}
