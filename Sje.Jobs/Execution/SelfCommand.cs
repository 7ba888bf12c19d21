using System.Reflection;

namespace Sje.Jobs.Execution;

/// <summary>How to start this program again, as a child that runs an engine.</summary>
public sealed record SelfCommand(IReadOnlyList<string> Arguments)
{
    /// <summary>The hidden verb of a child; the request file follows it.</summary>
    public const string Verb = "task-child";

    /// <summary>The program that runs now: its own executable, or <c>dotnet</c> with the entry assembly.</summary>
    /// <exception cref="InvalidOperationException">The runtime does not say what it runs.</exception>
    public static SelfCommand OfThisProcess()
    {
        var path =
            Environment.ProcessPath
            ?? throw new InvalidOperationException(
                "The path of this program is not known, so it cannot start itself for a task."
            );
        return
            Path.GetFileNameWithoutExtension(path) == "dotnet"
            && Assembly.GetEntryAssembly()?.Location is { Length: > 0 } entry
            ? new SelfCommand([path, entry])
            : new SelfCommand([path]);
    }
}
