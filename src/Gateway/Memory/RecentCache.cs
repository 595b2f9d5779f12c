using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Tollgate.Gateway.Memory;

/// <summary>
/// A bounded memory of what was used lately: two generations, of which the older one goes when the younger one is full. Approximates
/// least-recently-used without a list. Thread-safe.
/// </summary>
internal sealed class RecentCache<TKey, TValue>(int capacity)
    where TKey : notnull
    where TValue : class
{
    private readonly Lock _turning = new();
    private volatile ConcurrentDictionary<TKey, TValue> _young = new();
    private volatile ConcurrentDictionary<TKey, TValue> _old = new();

    public bool TryGet(TKey key, [NotNullWhen(true)] out TValue? value)
    {
        if (_young.TryGetValue(key, out value))
        {
            return true;
        }

        if (!_old.TryGetValue(key, out value))
        {
            return false;
        }

        Set(key, value);
        return true;
    }

    public void Set(TKey key, TValue value)
    {
        var young = _young;
        young[key] = value;
        if (young.Count > capacity / 2)
        {
            Turn(young);
        }
    }

    /// <summary>Stores <paramref name="value"/> unless <paramref name="keeps"/> finds that the
    /// one stored is better. Returns what is stored then.</summary>
    public TValue SetUnless(TKey key, TValue value, Func<TValue, bool> keeps)
    {
        lock (_turning)
        {
            if (TryGet(key, out var stored) && keeps(stored))
            {
                return stored;
            }

            Set(key, value);
            return value;
        }
    }

    private void Turn(ConcurrentDictionary<TKey, TValue> full)
    {
        lock (_turning)
        {
            if (_young == full)
            {
                _old = full;
                _young = new ConcurrentDictionary<TKey, TValue>();
            }
        }
    }
}
