using System.CommandLine;
using System.CommandLine.Parsing;
using Sje.Core.Security;
using Sje.Web.Api;
using Sje.Web.Failures;
using Spectre.Console;

namespace Sje.Web.Cli;

/// <summary>
/// <c>keys</c>: whoever names a server or holds a key asks a server, as with every other verb. Without either they are kept on this
/// machine's own database, for the first key is made before any server answers, and a lost one after none does.
/// </summary>
internal static class KeyCommands
{
    private static readonly Argument<string> KeyName = new("name")
    {
        Description = "Whose key it is, a name for people",
    };
    private static readonly Argument<string> KeyId = new("id") { Description = "The key's id or prefix" };
    private static readonly Option<Role> KeyRole = new("--role")
    {
        Description = "viewer reads, operator also submits and stops, admin may all",
        Required = true,
    };

    private static readonly Option<string> KeyTenant = new("--tenant")
    {
        Description = "Whose work it submits",
        DefaultValueFactory = _ => Caller.DefaultTenant,
    };

    private static readonly Option<bool> Local = new("--local")
    {
        Description =
            "On this machine's database itself, without a server or a key [default: if neither a server nor a key is given]",
    };

    public static Command Create()
    {
        var create = Verb("create", "Make a key; its text is shown this once", CreateAsync);
        create.Arguments.Add(KeyName);
        create.Options.Add(KeyRole);
        create.Options.Add(KeyTenant);
        var list = Verb("list", "List the keys, without their secrets", ListAsync);
        var revoke = Verb("revoke", "End a key; servers notice within seconds", RevokeAsync);
        revoke.Arguments.Add(KeyId);
        return new Command("keys", "Make, list and revoke API keys") { create, list, revoke };
    }

    private static Command Verb(
        string word,
        string description,
        Func<ParseResult, IKeyAccess, CancellationToken, Task<int>> run
    )
    {
        var command = ClientOptions.With(DatabaseAccess.With(new Command(word, description) { Local }));
        command.Validators.Add(RefuseBoth);
        command.SetAction(
            async (parsed, stop) =>
            {
                await using IKeyAccess keys = IsLocal(parsed)
                    ? await KeysOnDatabase.OpenAsync(parsed, stop)
                    : new KeysOfServer(ClientOptions.Connect(parsed));
                return await run(parsed, keys, stop);
            }
        );
        return command;
    }

    private static bool IsLocal(ParseResult parsed) =>
        parsed.GetValue(Local) || DatabaseAccess.IsGiven(parsed.CommandResult) || !ClientOptions.NamesServer(parsed);

    private static void RefuseBoth(CommandResult given)
    {
        if (
            (given.GetValue(Local) || DatabaseAccess.IsGiven(given)) && ClientOptions.GivenServer(given) is { } together
        )
        {
            given.AddError($"{together} asks a server: it does not go with --local or --db.");
        }
    }

    private static async Task<int> CreateAsync(ParseResult parsed, IKeyAccess keys, CancellationToken stop)
    {
        var made = await keys.CreateAsync(
            new KeyRequest
            {
                Name = parsed.GetRequiredValue(KeyName),
                Role = parsed.GetValue(KeyRole),
                Tenant = parsed.GetValue(KeyTenant) ?? Caller.DefaultTenant,
            },
            stop
        );
        if (ClientOptions.Json(parsed))
        {
            Show.Json(made);
        }
        else
        {
            Console.Out.WriteLine(Show.Text(made["key"]));
            Show.Remarks.WriteLine(
                "Keep it: it is stored nowhere. Use it as SJE_KEY, --key, or the header 'Authorization: Bearer'."
            );
        }

        return ExitCodes.Ok;
    }

    private static async Task<int> ListAsync(ParseResult parsed, IKeyAccess keys, CancellationToken stop)
    {
        var list = await keys.ListAsync(stop);
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
    }

    private static async Task<int> RevokeAsync(ParseResult parsed, IKeyAccess keys, CancellationToken stop)
    {
        var id = parsed.GetRequiredValue(KeyId);
        await keys.RevokeAsync(id, stop);
        Show.Remarks.WriteLine($"Revoked {id}.");
        return ExitCodes.Ok;
    }
}
