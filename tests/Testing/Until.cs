namespace Tollgate.Testing;

/// <summary>Waits for what happens in another process or thread, with an end.</summary>
public static class Until
{
    /// <summary>Asks every 10 ms until <paramref name="condition"/> holds.</summary>
    /// <exception cref="TimeoutException">It did not within <paramref name="patience"/> (default 10 s).</exception>
    public static Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan? patience = null) =>
        ValueAsync(async () => await condition() ? (object)true : null, what, patience);

    /// <summary>Asks every 10 ms until <paramref name="condition"/> holds.</summary>
    /// <exception cref="TimeoutException">It did not within <paramref name="patience"/> (default 10 s).</exception>
    public static Task TrueAsync(Func<bool> condition, string what, TimeSpan? patience = null) =>
        ValueAsync(() => Task.FromResult(condition() ? (object)true : null), what, patience);

    /// <summary>Asks every 10 ms until <paramref name="question"/> has an answer, and returns it.</summary>
    /// <exception cref="TimeoutException">It had none within <paramref name="patience"/> (default 10 s).</exception>
    public static async Task<T> ValueAsync<T>(Func<Task<T?>> question, string what, TimeSpan? patience = null)
        where T : class
    {
        var limit = patience ?? TimeSpan.FromSeconds(10);
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (await question() is { } answer)
            {
                return answer;
            }

            if (TimeProvider.System.GetElapsedTime(started) > limit)
            {
                throw new TimeoutException($"Not within {limit.TotalSeconds:0.#} s: {what}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }
}
