namespace Sje.Tests.Chaos;

/// <summary>Tests about seconds of real time: they run when nothing else does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
