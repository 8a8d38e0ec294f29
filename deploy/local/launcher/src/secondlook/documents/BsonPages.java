package secondlook.documents;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import org.h2.mvstore.DataUtils;
import org.h2.mvstore.WriteBuffer;
import org.h2.mvstore.type.BasicDataType;

import de.bwaldvogel.mongo.backend.KeyValue;
import de.bwaldvogel.mongo.backend.Missing;
import de.bwaldvogel.mongo.backend.ValueComparator;
import de.bwaldvogel.mongo.bson.BinData;
import de.bwaldvogel.mongo.wire.bson.BsonDecoder;
import de.bwaldvogel.mongo.wire.bson.BsonEncoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * How keys and documents lie in the pages of the store: as BSON, each after one byte that tells its type. The library
 * would use Java serialisation, which is several times slower.
 */
final class BsonPages extends BasicDataType<Object> {

    // BSON itself uses 0x01 to 0x13, 0x7F and 0xFF.
    private static final byte SEVERAL = 0x20;
    private static final byte MISSING = 0x21;

    private static final BsonPages ONLY = new BsonPages();

    private BsonPages() {
    }

    static BsonPages keys() {
        return ONLY;
    }

    @SuppressWarnings("unchecked")
    static <V> BasicDataType<V> values() {
        return (BasicDataType<V>) ONLY;
    }

    @Override
    public int compare(Object one, Object other) {
        if (one instanceof UUID first && other instanceof UUID second) {
            int high = Long.compareUnsigned(first.getMostSignificantBits(), second.getMostSignificantBits());
            return high != 0 ? high
                : Long.compareUnsigned(first.getLeastSignificantBits(), second.getLeastSignificantBits());
        }
        if (one instanceof KeyValue first && other instanceof KeyValue second) {
            return compareEach(first, second);
        }
        return ValueComparator.ascWithoutListHandling().compare(one, other);
    }

    private int compareEach(KeyValue one, KeyValue other) {
        for (int i = 0; i < Math.min(one.size(), other.size()); i++) {
            int order = compare(one.get(i), other.get(i));
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(one.size(), other.size());
    }

    @Override
    public void write(WriteBuffer out, Object value) {
        if (value instanceof KeyValue several) {
            out.put(SEVERAL).putVarInt(several.size());
            several.forEach(each -> write(out, each));
        } else if (value instanceof Missing) {
            out.put(MISSING);
        } else {
            byte type = BsonEncoder.determineType(value);
            ByteBuf bson = Unpooled.buffer();
            BsonEncoder.encodeValue(type, value, bson);
            out.put(type).put(bson.array(), bson.arrayOffset(), bson.writerIndex());
        }
    }

    @Override
    public Object read(ByteBuffer in) {
        byte type = in.get();
        if (type == MISSING) {
            return Missing.getInstance();
        }
        if (type == SEVERAL) {
            int size = DataUtils.readVarInt(in);
            List<Object> values = new ArrayList<>(size);
            for (int i = 0; i < size; i++) {
                values.add(read(in));
            }
            return new KeyValue(values);
        }
        ByteBuf bson = Unpooled.wrappedBuffer(in);
        Object value = BsonDecoder.decodeValue(type, bson);
        in.position(in.position() + bson.readerIndex());
        return value;
    }

    /** A rough size in bytes; it decides when a page is split and how much the cache holds. */
    @Override
    public int getMemory(Object value) {
        if (value instanceof Map<?, ?> document) {
            int bytes = 64;
            for (Map.Entry<?, ?> field : document.entrySet()) {
                bytes += 48 + getMemory(field.getValue());
            }
            return bytes;
        }
        if (value instanceof Collection<?> list) {
            int bytes = 32;
            for (Object each : list) {
                bytes += 8 + getMemory(each);
            }
            return bytes;
        }
        if (value instanceof String text) {
            return 40 + text.length();
        }
        return value instanceof BinData binary ? 32 + binary.getData().length : 24;
    }

    @Override
    public Object[] createStorage(int size) {
        return new Object[size];
    }
}
