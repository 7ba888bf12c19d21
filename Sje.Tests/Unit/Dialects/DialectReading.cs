using System.Text;
using System.Text.Json.Nodes;
using Sje.Core.Dialects;
using Sje.Core.Jobs;
using Sje.Jobs.Engines;

namespace Sje.Tests.Unit.Dialects;

/// <summary>Reads files of other systems with every task type that is built in.</summary>
internal static class DialectReading
{
    private static readonly JobReader Reader = new(BuiltInEngines.Types(), JobDialects.All);

    public static JobReadResult Read(string text) => Reader.Read(Encoding.UTF8.GetBytes(text));

    /// <summary>The canonical form of a file that is right.</summary>
    public static JsonObject Canonical(string text)
    {
        var read = Read(text);
        Assert.Empty(read.Faults.Select(fault => $"{fault.Pointer}: {fault.Detail}"));
        return read.Spec!.Canonical;
    }

    /// <summary>The faults as <c>line pointer</c>, in order.</summary>
    public static string[] Faults(string text)
    {
        var read = Read(text);
        Assert.Null(read.Spec);
        return [.. read.Faults.Select(fault => $"{fault.Line} {fault.Pointer}")];
    }

    /// <summary>All that is said against a file, one line for each fault.</summary>
    public static string Complaints(string text) =>
        string.Join('\n', Read(text).Faults.Select(fault => $"{fault.Pointer}: {fault.Detail}"));
}
