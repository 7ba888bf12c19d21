using System.CommandLine;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Sje.Core.Security;
using Sje.Jobs.Storage;
using Sje.Web.Failures;
using Sje.Web.Hosting;
using Spectre.Console;

namespace Sje.Web.Cli;

/// <summary>
/// <c>migrate</c> and <c>keys</c>: what is done on the database itself, so that it works before any server does.
/// </summary>
internal static class DatabaseCommands
{
    private static readonly Argument<string> KeyName = new("name")
    {
        Description = "Whose key it is, a name for people",
    };
    private static readonly Argument<string> KeyId = new("id") { Description = "The key's id or prefix" };
    private static readonly Option<Core.Security.Role> KeyRole = new("--role")
    {
        Description = "viewer reads, operator also submits and stops, admin may all",
        Required = true,
    };

    private static readonly Option<string> KeyTenant = new("--tenant")
    {
        Description = "Whose work it submits",
        DefaultValueFactory = _ => Caller.DefaultTenant,
    };

    public static IEnumerable<Command> Create()
    {
        var migrate = DatabaseAccess.With(
            new Command("migrate", "Bring the database to this version's schema; starting a server does it too")
        );
        migrate.SetAction(MigrateAsync);

        var create = Keys(
            new Command("create", "Make a key; its text is shown this once") { KeyName, KeyRole, KeyTenant }
        );
        create.SetAction(CreateKeyAsync);
        var list = Keys(new Command("list", "List the keys, without their secrets"));
        list.SetAction(ListKeysAsync);
        var revoke = Keys(new Command("revoke", "End a key; servers notice within seconds") { KeyId });
        revoke.SetAction(RevokeKeyAsync);
        return [migrate, new Command("keys", "Make, list and revoke API keys") { create, list, revoke }];
    }

    private static Command Keys(Command command) => ClientOptions.WithOutput(DatabaseAccess.With(command));

    private static async Task<int> MigrateAsync(ParseResult parsed, CancellationToken stop)
    {
        await using var access = await DatabaseAccess.OpenAsync(parsed, stop);
        var ran = await RoleHost.MigrateAsync(access.ConnectionString, NullLogger.Instance, stop);
        Console.Out.WriteLine(
            ran.Count == 0 ? "The database has this version's schema already." : "Ran " + string.Join(", ", ran) + "."
        );
        return ExitCodes.Ok;
    }

    private static Task<int> CreateKeyAsync(ParseResult parsed, CancellationToken stop) =>
        WithKeysAsync(
            parsed,
            async keys =>
            {
                var made = await keys.CreateAsync(
                    parsed.GetRequiredValue(KeyName),
                    parsed.GetValue(KeyRole),
                    parsed.GetValue(KeyTenant) ?? Caller.DefaultTenant,
                    stop
                );
                if (ClientOptions.Json(parsed))
                {
                    var body = Body(made.Info);
                    body["key"] = made.Key;
                    Show.Json(body);
                }
                else
                {
                    Console.Out.WriteLine(made.Key);
                    Show.Remarks.WriteLine(
                        "Keep it: it is stored nowhere. Use it as SJE_KEY, --key, or the header 'Authorization: Bearer'."
                    );
                }

                return ExitCodes.Ok;
            },
            stop
        );

    private static Task<int> ListKeysAsync(ParseResult parsed, CancellationToken stop) =>
        WithKeysAsync(
            parsed,
            async keys =>
            {
                var list = new JsonObject
                {
                    ["items"] = new JsonArray([.. (await keys.ListAsync(stop)).Select(Body)]),
                    ["nextCursor"] = null,
                };
                if (ClientOptions.Json(parsed))
                {
                    Show.Json(list);
                }
                else
                {
                    Show.List(
                        list,
                        "There is no key.",
                        ("key", key => Show.Text(key["prefix"])),
                        ("name", key => Show.Text(key["name"])),
                        ("role", key => Show.Text(key["role"])),
                        ("tenant", key => Show.Text(key["tenant"])),
                        ("created", key => Show.Time(key["createdAt"])),
                        ("last used", key => Show.Time(key["lastUsedAt"])),
                        ("revoked", key => Show.Time(key["revokedAt"])),
                        ("id", key => Show.Text(key["id"]))
                    );
                }

                return ExitCodes.Ok;
            },
            stop
        );

    private static Task<int> RevokeKeyAsync(ParseResult parsed, CancellationToken stop) =>
        WithKeysAsync(
            parsed,
            async keys =>
            {
                var id = parsed.GetRequiredValue(KeyId);
                if (!await keys.RevokeAsync(id, stop))
                {
                    throw new FailureException(
                        $"There is no key '{id}' that still opens anything.",
                        ExitCodes.Rejected
                    );
                }

                Show.Remarks.WriteLine($"Revoked {id}.");
                return ExitCodes.Ok;
            },
            stop
        );

    private static async Task<int> WithKeysAsync(
        ParseResult parsed,
        Func<KeyStore, Task<int>> act,
        CancellationToken stop
    )
    {
        await using var access = await DatabaseAccess.OpenAsync(parsed, stop);
        await RoleHost.MigrateAsync(access.ConnectionString, NullLogger.Instance, stop);
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(new Database(access.ConnectionString))
            .AddSjeStorage()
            .BuildServiceProvider();
        try
        {
            return await act(services.GetRequiredService<KeyStore>());
        }
        catch (NpgsqlException down)
        {
            throw RoleHost.Unreachable(access.ConnectionString, down);
        }
    }

    private static JsonObject Body(ApiKeyInfo key) =>
        new()
        {
            ["id"] = key.Id,
            ["name"] = key.Name,
            ["role"] = key.Role.ToString().ToLowerInvariant(),
            ["tenant"] = key.Tenant,
            ["prefix"] = key.Prefix,
            ["createdAt"] = key.CreatedAt,
            ["lastUsedAt"] = key.LastUsedAt,
            ["revokedAt"] = key.RevokedAt,
        };
}
