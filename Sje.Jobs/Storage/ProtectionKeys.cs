using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Npgsql;

namespace Sje.Jobs.Storage;

/// <summary>
/// Keeps ASP.NET Core's protection keys in the database, so that a form which one server has made is accepted by another, and after a
/// restart. They guard forms against other sites; sign-in does not rest on them.
/// </summary>
public sealed class ProtectionKeys(Database database) : IXmlRepository
{
    private const string Read = "select body from sje.protection_keys order by name";

    private const string Store = """
        insert into sje.protection_keys (name, body) values ($1, $2) on conflict (name) do update set body = excluded.body
        """;

    /// <inheritdoc/>
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var command = database.Main.CreateCommand(Read);
        using var row = command.ExecuteReader();
        var keys = new List<XElement>();
        while (row.Read())
        {
            keys.Add(XElement.Parse(row.GetString(0)));
        }

        return keys;
    }

    /// <inheritdoc/>
    public void StoreElement(XElement element, string friendlyName)
    {
        ArgumentNullException.ThrowIfNull(element);
        using var command = database.Main.CreateCommand(Store);
        command.Parameters.Add(new NpgsqlParameter { Value = friendlyName });
        command.Parameters.Add(new NpgsqlParameter { Value = element.ToString(SaveOptions.DisableFormatting) });
        command.ExecuteNonQuery();
    }
}
