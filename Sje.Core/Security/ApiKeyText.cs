using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Sje.Core.Security;

/// <summary>
/// The text of a key, <c>sje_&lt;prefix&gt;_&lt;secret&gt;</c>. The prefix is no secret: it finds and names the key. The secret has 192 random
/// bits, so one round of SHA-256 keeps it: there is nothing to guess that a slow hash would have to protect.
/// </summary>
public static class ApiKeyText
{
    private const string Start = "sje_";
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
    private const int PrefixLength = 8;
    private const int SecretLength = 40;

    private static readonly SearchValues<char> Letters = SearchValues.Create(Alphabet);

    /// <summary>Makes a new key.</summary>
    public static string Create() =>
        Start
        + RandomNumberGenerator.GetString(Alphabet, PrefixLength)
        + "_"
        + RandomNumberGenerator.GetString(Alphabet, SecretLength);

    /// <summary>The prefix of a key, or null when the text has not the shape of one.</summary>
    public static string? PrefixOf(string key)
    {
        if (
            key.Length != Start.Length + PrefixLength + 1 + SecretLength
            || !key.StartsWith(Start, StringComparison.Ordinal)
            || key[Start.Length + PrefixLength] != '_'
        )
        {
            return null;
        }

        var prefix = key.AsSpan(Start.Length, PrefixLength);
        return
            prefix.ContainsAnyExcept(Letters) || key.AsSpan(Start.Length + PrefixLength + 1).ContainsAnyExcept(Letters)
            ? null
            : prefix.ToString();
    }

    /// <summary>What is stored of a key: SHA-256 of its UTF-8 text.</summary>
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>Compares hashes in a time that says nothing about where they differ.</summary>
    public static bool Matches(byte[] stored, byte[] offered) =>
        CryptographicOperations.FixedTimeEquals(stored, offered);
}
