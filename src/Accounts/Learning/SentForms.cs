using Microsoft.Extensions.Caching.Memory;

namespace Tollgate.Accounts.Learning;

/// <summary>
/// Makes one object of a form that is sent twice, such as by a double click: the second one waits for the first and leads to its object.
/// Held in this process for ten minutes. Thread-safe.
/// </summary>
internal sealed class SentForms(IMemoryCache cache)
{
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);
    private readonly Lock _lock = new();

    /// <summary>Runs <paramref name="make"/> unless the member's form has made its object.</summary>
    /// <param name="form">Chosen by the page.</param>
    /// <param name="make">Returns the object's id, or null where nothing was made; then the corrected form may be sent.</param>
    public async Task<string?> MakeOnceAsync(Guid userId, Guid form, Func<Task<string?>> make)
    {
        var name = (nameof(SentForms), userId, form);
        Lazy<Task<string?>> making;
        lock (_lock)
        {
            making = cache.TryGetValue(name, out Lazy<Task<string?>>? known) && known is not null
                ? known
                : cache.Set(
                    name, new Lazy<Task<string?>>(make),
                    new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Kept });
        }

        string? made = null;
        try
        {
            made = await making.Value;
        }
        finally
        {
            if (made is null)
            {
                cache.Remove(name);
            }
        }

        return made;
    }
}
