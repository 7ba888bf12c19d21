using System.CommandLine;
using System.Text.Json.Nodes;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary><c>queues set</c>, <c>concurrency</c>, <c>tenants</c>, <c>breakers</c>: how much of what runs at a time.</summary>
internal static class LimitCommands
{
    private static readonly Argument<string> Queue = new("name") { Description = "The queue's name" };
    private static readonly Option<string> Lane = new("--lane")
    {
        Description = "background or direct, for what is accepted from now on",
    };
    private static readonly Option<int?> MaxRunning = new("--max-running")
    {
        Description = "Most of its tasks at a time over all workers",
    };
    private static readonly Option<int?> MaxQueued = new("--max-queued")
    {
        Description = "Most tasks that may wait in it; more are refused",
    };
    private static readonly Option<int?> MaxStarts = new("--max-starts")
    {
        Description = "Most of its tasks that start in the time of --per-seconds",
    };
    private static readonly Option<double?> PerSeconds = new("--per-seconds")
    {
        Description = "The time in which --max-starts may start [default: 1]",
    };

    private static readonly Argument<string> Key = new("key") { Description = "The concurrency key" };
    private static readonly Argument<int> Limit = new("limit") { Description = "Most tasks with it at a time" };
    private static readonly Argument<string> Tenant = new("tenant") { Description = "The tenant's name" };
    private static readonly Argument<int> Weight = new("weight")
    {
        Description = "1 to 1000; twice the weight is twice as many tasks",
    };
    private static readonly Argument<string> Target = new("target")
    {
        Description = "What the tasks depend on, as http:api.example.com",
    };

    /// <summary>Sets how a queue runs; below <c>queues</c>.</summary>
    public static Command SetQueue()
    {
        var set = ClientOptions.With(
            new Command("set", "Make a queue, or say how it runs; a limit that is not given is none")
            {
                Queue,
                Lane,
                MaxRunning,
                MaxQueued,
                MaxStarts,
                PerSeconds,
            }
        );
        set.SetAction(
            (parsed, stop) =>
                PutAsync(
                    parsed,
                    "api/v1/queues/" + Uri.EscapeDataString(parsed.GetRequiredValue(Queue)),
                    new JsonObject
                    {
                        ["lane"] = parsed.GetValue(Lane),
                        ["maxRunning"] = parsed.GetValue(MaxRunning),
                        ["maxQueued"] = parsed.GetValue(MaxQueued),
                        ["maxStarts"] = parsed.GetValue(MaxStarts),
                        ["perSeconds"] = parsed.GetValue(PerSeconds),
                    },
                    stop
                )
        );
        return set;
    }

    /// <summary>The words of their own.</summary>
    public static IEnumerable<Command> Create() => [Concurrency(), Tenants(), Breakers()];

    private static Command Concurrency()
    {
        var list = ListCommands.List(
            "concurrency",
            "Concurrency keys: limits that tasks share",
            "api/v1/concurrency-keys",
            "No job has named a concurrency key.",
            ("key", key => Show.Text(key["name"])),
            ("limit", key => Show.Text(key["limit"])),
            ("running", key => Show.Text(key["running"])),
            ("waiting", key => Show.Text(key["waiting"])),
            ("set by", key => Show.Text(key["setByHand"]) == "true" ? "hand" : "job")
        );
        var set = ClientOptions.With(
            new Command("set", "Set the limit of a key; jobs that name it no longer change that") { Key, Limit }
        );
        set.SetAction(
            (parsed, stop) =>
                PutAsync(parsed, KeyPath(parsed), new JsonObject { ["limit"] = parsed.GetRequiredValue(Limit) }, stop)
        );
        var delete = ClientOptions.With(new Command("delete", "Forget a key that no task names") { Key });
        delete.SetAction(
            async (parsed, stop) =>
            {
                using var client = ClientOptions.Connect(parsed);
                await client.SendAsync(HttpMethod.Delete, KeyPath(parsed), null, null, stop);
                Console.Error.WriteLine($"{parsed.GetRequiredValue(Key)} is forgotten");
                return ExitCodes.Ok;
            }
        );
        list.Subcommands.Add(ListCommands.AsWord(list));
        list.Subcommands.Add(set);
        list.Subcommands.Add(delete);
        return list;
    }

    private static Command Tenants()
    {
        var list = ListCommands.List(
            "tenants",
            "Tenants, and their weights in the queues that they share",
            "api/v1/tenants",
            "There is no tenant.",
            ("tenant", tenant => Show.Text(tenant["name"])),
            ("weight", tenant => Show.Text(tenant["weight"])),
            ("running", tenant => Show.Text(tenant["running"])),
            ("waiting", tenant => Show.Text(tenant["waiting"]))
        );
        var set = ClientOptions.With(new Command("set", "Set the weight of a tenant") { Tenant, Weight });
        set.SetAction(
            (parsed, stop) =>
                PutAsync(
                    parsed,
                    "api/v1/tenants/" + Uri.EscapeDataString(parsed.GetRequiredValue(Tenant)),
                    new JsonObject { ["weight"] = parsed.GetRequiredValue(Weight) },
                    stop
                )
        );
        list.Subcommands.Add(ListCommands.AsWord(list));
        list.Subcommands.Add(set);
        return list;
    }

    private static Command Breakers()
    {
        var list = ListCommands.List(
            "breakers",
            "Circuit breakers: targets that have failed, and whether anything is started for them",
            "api/v1/circuit-breakers",
            "No target has failed.",
            ("target", breaker => Show.Text(breaker["target"])),
            ("state", breaker => Show.Text(breaker["state"])),
            ("failures", breaker => Show.Text(breaker["failures"])),
            ("until", breaker => Show.Distance(breaker["openUntil"])),
            ("waiting", breaker => Show.Text(breaker["waiting"])),
            ("error", breaker => Show.Text(breaker["lastError"]))
        );
        var reset = ClientOptions.With(
            new Command("reset", "Close one: what waits for the target may start") { Target }
        );
        reset.SetAction(
            async (parsed, stop) =>
            {
                using var client = ClientOptions.Connect(parsed);
                var path = $"api/v1/circuit-breakers/{Uri.EscapeDataString(parsed.GetRequiredValue(Target))}/reset";
                return ShowOne(parsed, (await client.SendAsync(HttpMethod.Post, path, null, null, stop)).Required);
            }
        );
        list.Subcommands.Add(ListCommands.AsWord(list));
        list.Subcommands.Add(reset);
        return list;
    }

    private static string KeyPath(ParseResult parsed) =>
        "api/v1/concurrency-keys/" + Uri.EscapeDataString(parsed.GetRequiredValue(Key));

    private static async Task<int> PutAsync(ParseResult parsed, string path, JsonObject body, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        var answer = await client.SendAsync(HttpMethod.Put, path, SjeClient.Json(body.ToJsonString()), null, stop);
        return ShowOne(parsed, answer.Required);
    }

    private static int ShowOne(ParseResult parsed, JsonNode answer)
    {
        if (ClientOptions.Json(parsed))
        {
            Show.Json(answer);
        }
        else
        {
            Show.Facts([
                .. answer
                    .AsObject()
                    .Where(field => field.Value is not null)
                    .Select(field => (field.Key, Show.Text(field.Value))),
            ]);
        }

        return ExitCodes.Ok;
    }
}
