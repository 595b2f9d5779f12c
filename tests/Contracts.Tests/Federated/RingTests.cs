using System.Security.Cryptography;
using Tollgate.Contracts.Federated;

namespace Tollgate.Contracts.Tests.Federated;

/// <summary>The arithmetic of masks and shares.</summary>
public sealed class RingTests
{
    [Fact]
    public void Encode_cuts_towards_zero_and_sums_are_exact()
    {
        double[] numbers = [0, 1, -1, 0.1, -0.1, 1e-10, -1e-10, RingVector.Most, -RingVector.Most, Math.PI];
        var vector = RingVector.Encode(numbers);
        var decoded = RingVector.Decode(vector);
        var sum = new ulong[numbers.Length];
        for (var i = 0; i < SecretSharing.MostHolders; i++)
        {
            RingVector.Add(sum, vector);
        }

        Assert.All(
            numbers.Zip(decoded),
            pair => Assert.InRange(Math.Abs(pair.Second), Math.Abs(pair.First) - Math.Pow(2, -32), Math.Abs(pair.First)));
        Assert.Equal(decoded.Select(number => 255 * number), RingVector.Decode(sum));
        Assert.Equal(vector, RingVector.FromBytes(RingVector.ToBytes(vector)));
        Assert.Throws<ArgumentOutOfRangeException>(() => RingVector.Encode([double.NaN]));
        Assert.Throws<ArgumentOutOfRangeException>(() => RingVector.Encode([RingVector.Most + 1]));
    }

    [Fact]
    public void Masks_cancel_and_are_the_key_stream_of_AES_in_counter_mode()
    {
        var key = Convert.FromHexString("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
        var vector = new ulong[3_001];
        MaskStream.Apply(key, vector, adds: true);
        using var aes = Aes.Create();
        aes.Key = key;
        var block = aes.EncryptEcb([.. new byte[14], 2, 1], PaddingMode.None); // Block 513, of numbers 1,026 and 1,027.

        Assert.Equal(RingVector.FromBytes(block), vector[1_026..1_028]);
        MaskStream.Apply(key, vector, adds: false);
        Assert.All(vector, number => Assert.Equal(0UL, number));
    }

    [Theory]
    [InlineData(2, 3)]
    [InlineData(5, 8)]
    [InlineData(128, 255)]
    public void Any_threshold_of_shares_gives_the_secret_back_and_fewer_do_not(int threshold, int holders)
    {
        var secret = RandomNumberGenerator.GetBytes(32);
        int[] numbers = [.. Enumerable.Range(1, holders)];
        var shares = SecretSharing.Split(secret, numbers, threshold);
        (int, byte[])[] all = [.. numbers.Zip(shares)];
        Random.Shared.Shuffle(all);

        Assert.Equal(secret, SecretSharing.Combine(all[..threshold]));
        Assert.Equal(secret, SecretSharing.Combine(all[^threshold..]));
        Assert.Equal(secret, SecretSharing.Combine(all));
        Assert.NotEqual(secret, SecretSharing.Combine(all[..(threshold - 1)]));
    }

    [Fact]
    public void Two_sides_agree_on_a_key_for_each_purpose_and_a_private_number_restores_a_pair()
    {
        using var one = AgreementKey.Create();
        using var other = AgreementKey.Create();
        using var restored = AgreementKey.Of(one.ExportScalar());

        Assert.Equal(one.Point, restored.Point);
        Assert.Equal(one.Agree(other.Point, "a"), other.Agree(restored.Point, "a"));
        Assert.NotEqual(one.Agree(other.Point, "a"), one.Agree(other.Point, "b"));
        Assert.True(AgreementKey.IsPoint(one.Point));
        Assert.False(AgreementKey.IsPoint(new byte[AgreementKey.PointBytes]));
        Assert.False(AgreementKey.IsPoint([.. one.Point[..^1], (byte)(one.Point[^1] ^ 1)]));
        Assert.False(AgreementKey.IsPoint(one.Point.AsSpan(1)));
    }
}
