using Microsoft.Extensions.Time.Testing;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tests.Generation;

/// <summary>Over a real arena of one head of width 1, whose numbers are its tokens.</summary>
public sealed class PrefixCacheTests : IDisposable
{
    private const int Block = 4;
    private static readonly Guid One = Guid.NewGuid();
    private static readonly Guid Two = Guid.NewGuid();

    private readonly KeyValueArena _arena = new(rows: 1, layers: 1, heads: 1, length: 1024, width: 1, TensorElementType.Float);
    private readonly FakeTimeProvider _clock = new();
    private readonly List<PrefixChange> _changes = [];
    private readonly PrefixCache _cache;

    public PrefixCacheTests() => _cache = new PrefixCache(Block, _clock, _changes.Add);

    public void Dispose()
    {
        _cache.Dispose();
        _arena.Dispose();
        Assert.Equal(_changes.Count(change => change == PrefixChange.Kept), _changes.Count(change => change != PrefixChange.Kept));
    }

    [Fact]
    public void Whole_blocks_that_a_prompt_begins_with_are_found_with_their_numbers()
    {
        Keep(One, Run(0, 11));

        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], Read(One, Run(0, 30)));
        Assert.Equal([0, 1, 2, 3], Read(One, [.. Run(0, 7), 99]));
        Assert.Equal([], Read(One, [99, .. Run(1, 20)]));
        Assert.Equal([], Read(One, Run(0, 3)));
        Assert.Equal(8, _cache.Tokens);
    }

    [Fact]
    public void A_block_is_found_behind_its_own_beginning_alone()
    {
        Keep(One, [1, 1, 1, 1, 2, 2, 2, 2]);

        Assert.Equal([], Read(One, [2, 2, 2, 2, 1, 1, 1, 1]));
        Assert.Equal([1, 1, 1, 1], Read(One, [1, 1, 1, 1, 1, 1, 1, 1]));
    }

    [Fact]
    public void An_organization_finds_its_own_blocks_alone()
    {
        Keep(One, Run(0, 8));

        Assert.Equal([], Read(Two, Run(0, 8)));
        Keep(Two, Run(0, 8));
        Assert.Equal(16, _cache.Tokens); // Equal tokens are kept for each.
    }

    [Fact]
    public void What_is_kept_already_is_not_saved_again()
    {
        Keep(One, Run(0, 8));
        var saved = new List<int>();

        _cache.Keep(One, Run(0, 16), 1000, first =>
        {
            saved.Add(first);
            return Save(first);
        });

        Assert.Equal([8, 12], saved);
    }

    [Fact]
    public void The_least_recently_used_goes_first_and_a_beginning_after_what_follows_it()
    {
        Keep(One, [1, 1, 1, 1, 2, 2, 2, 2]);
        Keep(One, [1, 1, 1, 1, 3, 3, 3, 3]);
        Keep(One, [4, 4, 4, 4]);
        Read(One, [1, 1, 1, 1, 2, 2, 2, 2]);

        _cache.Shrink(12);
        Assert.Equal([1, 1, 1, 1], Read(One, [1, 1, 1, 1, 3, 3, 3, 3]));
        Read(One, [1, 1, 1, 1, 2, 2, 2, 2]);
        _cache.Shrink(8);
        Assert.Equal([], Read(One, [4, 4, 4, 4]));
        _cache.Shrink(4);
        Assert.Equal([1, 1, 1, 1], Read(One, [1, 1, 1, 1, 2, 2, 2, 2]));
    }

    [Fact]
    public void Blocks_of_the_organization_that_holds_most_go_for_those_of_another()
    {
        Keep(One, Run(0, 24), most: 32);
        Keep(Two, Run(100, 8), most: 32);
        Keep(Two, Run(200, 8), most: 32); // Two comes to half and then makes room among its own.
        Keep(Two, Run(300, 8), most: 32);

        Assert.Equal(32, _cache.Tokens);
        Assert.Equal(16, Read(One, Run(0, 24)).Count);
        Assert.Equal([], Read(Two, Run(100, 8)));
        Assert.Equal(8, Read(Two, Run(300, 8)).Count);
    }

    [Fact]
    public void A_prompt_longer_than_the_room_keeps_its_beginning()
    {
        Keep(One, Run(500, 8), most: 12);
        Keep(One, Run(0, 40), most: 12);

        Assert.Equal(Enumerable.Range(0, 12).Select(i => (float)i), Read(One, Run(0, 40)));
        Keep(Two, Run(0, 8), most: 3);
        Assert.Equal([], Read(Two, Run(0, 8)));
    }

    [Fact]
    public void What_no_prompt_began_with_for_long_is_dropped()
    {
        Keep(One, Run(0, 8));
        _clock.Advance(PrefixCache.KeptFor / 2);
        Read(One, Run(0, 4));

        Assert.Equal(PrefixCache.KeptFor / 2, _cache.Expire());
        _clock.Advance(PrefixCache.KeptFor / 2);
        Assert.Equal(PrefixCache.KeptFor / 2, _cache.Expire());
        Assert.Equal([0, 1, 2, 3], Read(One, Run(0, 8)));
        _clock.Advance(PrefixCache.KeptFor);
        Assert.Null(_cache.Expire());
        Assert.Equal(0, _cache.Tokens);
    }

    [Fact]
    public void Random_use_of_little_room_never_gives_a_wrong_number()
    {
        var random = new Random(5);
        for (var i = 0; i < 5_000; i++)
        {
            int[] prompt = [.. Enumerable.Range(0, random.Next(1, 40)).Select(place => place < 8 ? random.Next(2) : random.Next(20))];
            var organization = random.Next(2) == 0 ? One : Two;
            var found = Read(organization, prompt);
            Assert.Equal(prompt.Take(found.Count).Select(token => (float)token), found);
            Keep(organization, prompt, most: random.Next(80));
            Assert.Equal(Block * (_changes.Count(change => change == PrefixChange.Kept) * 2 - _changes.Count), _cache.Tokens);
        }
    }

    private static int[] Run(int first, int count) => [.. Enumerable.Range(first, count)];

    private void Keep(Guid organization, int[] tokens, long most = 1000)
    {
        Fill([.. tokens.Select(token => (float)token)]);
        _cache.Keep(organization, tokens, most, Save);
    }

    private KeyValueBlock Save(int first)
    {
        var block = new KeyValueBlock(Block, (int)(Block * _arena.BytesPerToken));
        _arena.Read(0, first, Block, block.Content);
        return block;
    }

    private List<float> Read(Guid organization, int[] tokens)
    {
        Fill(new float[64]);
        var blocks = _cache.Find(organization, tokens);
        for (var i = 0; i < blocks.Count; i++)
        {
            _arena.Write(0, i * Block, Block, blocks[i].Content);
        }

        using var keys = _arena.View(0, 0, 1);
        using var values = _arena.View(1, 0, 1);
        var read = keys.GetTensorDataAsSpan<float>()[..(blocks.Count * Block)].ToArray();
        Assert.Equal(read.Select(number => -number), values.GetTensorDataAsSpan<float>()[..read.Length].ToArray());
        return [.. read];
    }

    /// <summary>Writes the row: keys as they are, values negative.</summary>
    private void Fill(float[] numbers)
    {
        using var keys = _arena.View(0, 0, 1);
        using var values = _arena.View(1, 0, 1);
        numbers.CopyTo(keys.GetTensorMutableDataAsSpan<float>());
        for (var i = 0; i < numbers.Length; i++)
        {
            values.GetTensorMutableDataAsSpan<float>()[i] = -numbers[i];
        }
    }
}
