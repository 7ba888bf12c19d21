namespace Sje.Testbed;

/// <summary>How JVMs are started that live for seconds.</summary>
public static class ShortLives
{
    /// <summary>Options of the JVM: what it compiles well comes too late for a short life, and costs half of its processor time.</summary>
    public const string JavaOptions = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData";
}
