namespace Sje.Jobs.Engines.Spark.Yarn;

/// <summary>An answer, and when it came.</summary>
internal sealed record Aged<T>(T Value, long At);

/// <summary>Keeps answers that seldom change.</summary>
internal static class Aged
{
    /// <summary>The answer that is there, or a new one where that is older than it may be. Two may ask at once; both answers are right.</summary>
    public static async Task<Aged<T>> GetAsync<T>(Aged<T>? there, TimeSpan age, TimeProvider time, Func<Task<T>> ask) =>
        there is not null && time.GetElapsedTime(there.At) < age
            ? there
            : new Aged<T>(await ask(), time.GetTimestamp());
}
