namespace Tollgate.Inference.Grammars;

/// <summary>Keeps what was used last, within a number of bytes. Thread-safe.</summary>
/// <param name="bytes">Most bytes of all values.</param>
internal sealed class BoundedCache<TKey, TValue>(long bytes)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = [];
    private long _held;

    /// <summary>Bytes of all values.</summary>
    public long Held
    {
        get
        {
            lock (_lock)
            {
                return _held;
            }
        }
    }

    public bool TryGet(TKey key, out TValue value)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out var node))
            {
                value = default!;
                return false;
            }

            if (node.Previous is not null)
            {
                _byUse.Remove(node);
                _byUse.AddFirst(node);
            }

            value = node.Value.Value;
            return true;
        }
    }

    /// <summary>Adds a value unless there is one; drops the values that were not used for longest.</summary>
    /// <param name="size">About how many bytes it has with its key.</param>
    public void Add(TKey key, TValue value, long size)
    {
        lock (_lock)
        {
            if (size > bytes || _entries.ContainsKey(key))
            {
                return;
            }

            _entries.Add(key, _byUse.AddFirst(new Entry(key, value, size)));
            for (_held += size; _held > bytes; _byUse.RemoveLast())
            {
                _held -= _byUse.Last!.Value.Size;
                _entries.Remove(_byUse.Last.Value.Key);
            }
        }
    }

    private readonly record struct Entry(TKey Key, TValue Value, long Size);
}
