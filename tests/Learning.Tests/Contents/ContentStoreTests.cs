using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Learning.Contents;

namespace Tollgate.Learning.Tests.Contents;

/// <summary>What lies in the store opens as it was written, or not at all.</summary>
public sealed class ContentStoreTests(LearningFixture learning) : IClassFixture<LearningFixture>
{
    private const int Sealed = (64 * 1024) + 16;

    private ContentStore Contents => learning.App.Services.GetRequiredService<ContentStore>();

    [Fact]
    public async Task A_content_that_was_changed_cut_off_reordered_or_lengthened_does_not_open()
    {
        var plain = RandomNumberGenerator.GetBytes(200_000);
        var content = await WriteAsync(plain);
        var path = PathOf(content.Blob);
        var good = await File.ReadAllBytesAsync(path);
        Assert.Equal(plain, await ReadAsync(content));

        var changes = new Dictionary<string, byte[]>
        {
            ["one bit"] = [.. good[..100], (byte)(good[100] ^ 1), .. good[101..]],
            ["last byte missing"] = good[..^1],
            ["last chunk missing"] = good[..(3 * Sealed)],
            ["first chunk missing"] = good[Sealed..],
            ["chunks in another order"] = [.. good[Sealed..(2 * Sealed)], .. good[..Sealed], .. good[(2 * Sealed)..]],
            ["a chunk twice"] = [.. good[..Sealed], .. good[..Sealed], .. good[(2 * Sealed)..]],
            ["last chunk in the middle"] = [.. good[..(2 * Sealed)], .. good[(3 * Sealed)..]],
            ["nothing"] = [],
        };
        foreach (var (what, bytes) in changes)
        {
            await File.WriteAllBytesAsync(path, bytes);
            Assert.True(await IsDamagedAsync(content), what);
        }

        await File.WriteAllBytesAsync(path, good);
        Assert.Equal(plain, await ReadAsync(content));
        File.Delete(path);
        Assert.True(await IsDamagedAsync(content), "missing");
    }

    [Fact]
    public async Task A_key_opens_its_own_content_alone()
    {
        var (one, other) = (await WriteAsync([1, 2, 3]), await WriteAsync([1, 2, 3]));

        Assert.True(await IsDamagedAsync(one with { WrappedKey = other.WrappedKey }));
        Assert.True(await IsDamagedAsync(one with { WrappedKey = [.. one.WrappedKey[..^1], (byte)(one.WrappedKey[^1] ^ 1)] }));
        Assert.True(await IsDamagedAsync(one with { WrappedKey = [] }));
        File.Copy(PathOf(other.Blob), PathOf(one.Blob), overwrite: true);
        Assert.True(await IsDamagedAsync(one));
    }

    [Fact]
    public async Task An_older_master_key_opens_what_it_sealed_and_a_missing_one_does_not()
    {
        var content = await WriteAsync([1, 2, 3]);
        var newer = $"k2:{new string('b', 64)}";
        var (rotated, _) = await learning.StartAsync(
            $"--Sealing:MasterKeys={newer} k1:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
        var (lost, _) = await learning.StartAsync($"--Sealing:MasterKeys={newer}");

        Assert.Equal([1, 2, 3], await ReadAsync(content, rotated.Services.GetRequiredService<ContentStore>()));
        await Assert.ThrowsAsync<DamagedContentException>(() => ReadAsync(content, lost.Services.GetRequiredService<ContentStore>()));
    }

    [Fact]
    public async Task A_writer_that_is_not_finished_leaves_nothing()
    {
        var before = learning.Stored();

        await using (var writer = await Contents.CreateAsync(default))
        {
            await writer.WriteAsync(new byte[300_000], default);
            Assert.NotEqual(before, learning.Stored());
        }

        Assert.Equal(before, learning.Stored());
    }

    [Fact]
    public async Task A_damaged_file_is_an_error_and_not_a_part_of_it()
    {
        var caller = LearningFixture.NewCaller();
        var before = learning.Stored();
        var id = (await learning.CreateAsync(caller, new byte[10])).GetProperty("id").GetString();
        var path = Assert.Single(learning.Stored().Except(before));
        await File.WriteAllBytesAsync(path, (await File.ReadAllBytesAsync(path))[..^1]);

        using var response = await learning.SendAsync(caller, HttpMethod.Get, $"/v1/files/{id}/content");

        Assert.Equal("file_damaged", (await LearningFixture.ErrorAsync(response, 500)).Code);
    }

    private async Task<SealedContent> WriteAsync(byte[] plain)
    {
        await using var writer = await Contents.CreateAsync(default);
        await writer.WriteAsync(plain, default);
        return await writer.FinishAsync(default);
    }

    private Task<byte[]> ReadAsync(SealedContent content) => ReadAsync(content, Contents);

    private static async Task<byte[]> ReadAsync(SealedContent content, ContentStore contents)
    {
        await using var reader = await contents.OpenAsync(content.Blob, content.WrappedKey, content.Bytes, 0, default);
        using var plain = new MemoryStream();
        await reader.CopyToAsync(plain);
        return plain.ToArray();
    }

    private async Task<bool> IsDamagedAsync(SealedContent content)
    {
        try
        {
            await ReadAsync(content);
            return false;
        }
        catch (DamagedContentException)
        {
            return true;
        }
    }

    private string PathOf(Guid blob) => Path.Combine(learning.Folder, $"{blob:N}"[^2..], $"{blob:N}");
}
